# Gamma regression of survival times by optim() on dgamma and pgamma: time ratios, mean exp(mu), shape 1 / sigma^2. Writes ../gamma.json.
suppressPackageStartupMessages({library(survival); library(jsonlite)})
folder <- dirname(sub("--file=", "", grep("--file=", commandArgs(FALSE), value = TRUE)))
lung <- survival::lung[, c("time", "status", "age", "sex")]
lung$event <- as.integer(lung$status == 2); lung$entry <- floor(lung$time * ((seq_len(nrow(lung)) %% 5) / 10))
one <- function(covariates, late) {
  x <- cbind(1, as.matrix(lung[, covariates, drop = FALSE])); p <- ncol(x); centre <- colMeans(x); centre[1] <- 0
  xc <- sweep(x, 2, centre)
  minus <- function(theta) { shape <- exp(-2 * theta[p + 1]); scale <- exp(xc %*% theta[1:p]) / shape
    term <- ifelse(lung$event == 1, dgamma(lung$time, shape, scale = scale, log = TRUE),
      pgamma(lung$time, shape, scale = scale, lower.tail = FALSE, log.p = TRUE))
    if (late) term <- term - pgamma(lung$entry, shape, scale = scale, lower.tail = FALSE, log.p = TRUE)
    -sum(term) }
  fit <- optim(c(6, rep(0, p)), minus, method = "BFGS", control = list(reltol = 1e-15, maxit = 2000))
  for (i in 1:5) { # Newton steps on central differences, to the last digits
    k <- p + 1; h <- 1e-4
    g <- sapply(1:k, function(j) { e <- replace(numeric(k), j, h); (minus(fit$par + e) - minus(fit$par - e)) / (2 * h) })
    H <- optimHess(fit$par, minus, control = list(ndeps = rep(1e-4, k))); fit$par <- fit$par - solve(H, g) }
  v <- solve(optimHess(fit$par, minus, control = list(ndeps = rep(1e-4, p + 1))))
  back <- diag(p + 1); back[1, seq_len(p)] <- back[1, seq_len(p)] - centre
  list(covariates = I(covariates), late = late, estimate = as.vector(back %*% fit$par), std_error = sqrt(diag(back %*% v %*% t(back))), log_likelihood = -minus(fit$par))
}
out <- list(program = paste("R", getRversion()), version = "stats", call = "optim(BFGS) and optimHess on dgamma, pgamma; survival::lung",
  rows = as.list(lung[, c("time", "event", "age", "sex", "entry")]), cells = list(one(character(0), FALSE), one(c("age", "sex"), FALSE), one(c("age", "sex"), TRUE)))
writeLines(toJSON(out, digits = 12, auto_unbox = TRUE), file.path(folder, "..", "gamma.json"))
