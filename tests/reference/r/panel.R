# Markov models of states seen at visits: msm() on its own data cav (heart transplant recipients). Writes ../panel.json.
suppressPackageStartupMessages({library(msm); library(jsonlite)})
folder <- dirname(sub("--file=", "", grep("--file=", commandArgs(FALSE), value = TRUE)))
q <- rbind(c(0, .13, 0, .04), c(.22, 0, .34, .04), c(0, .13, 0, .3), c(0, 0, 0, 0))
pairs <- cbind(c(1, 1, 2, 2, 2, 3, 3), c(2, 4, 1, 3, 4, 2, 4))
times <- c(0, 1, 5, 10)
errors <- function(fit, t) {
  # pmatrix.msm has no delta method: central differences of P(t) in the log intensities.
  base <- log(unclass(qmatrix.msm(fit, ci = "none", covariates = "mean"))[pairs])
  p <- function(theta) { m <- matrix(0, 4, 4); m[pairs] <- exp(theta)
    diag(m) <- -rowSums(m); as.vector(t(MatrixExp(m, t))) }
  slope <- sapply(seq_along(base), function(k) { h <- replace(numeric(7), k, 1e-5); (p(base + h) - p(base - h)) / 2e-5 })
  v <- fit$covmat[1:7, 1:7]
  matrix(sqrt(pmax(rowSums((slope %*% v) * slope), 0)), 4, byrow = TRUE)
}
one <- function(formula) {
  args <- list(state ~ years, subject = as.name("PTNUM"), data = as.name("cav"), qmatrix = q, deathexact = 4, method = "BFGS",
    control = list(fnscale = 4000, reltol = 1e-16, maxit = 5000))
  if (!is.null(formula)) args$covariates <- formula
  fit <- eval(as.call(c(as.name("msm"), args)))
  est <- qmatrix.msm(fit, covariates = "mean"); s <- sojourn.msm(fit, covariates = "mean")
  out <- list(formula = if (is.null(formula)) NULL else as.character(formula)[2], minus2loglik = fit$minus2loglik,
    intensity = est$estimates[pairs], std_error = est$SE[pairs], conf_low = est$L[pairs], conf_high = est$U[pairs],
    sojourn = as.list(s), times = times, p = lapply(times, function(t) unclass(pmatrix.msm(fit, t = t, covariates = "mean"))),
    p_error = lapply(times, function(t) errors(fit, t)))
  if (!is.null(formula)) { h <- hazard.msm(fit)[[1]]; out$hazard_ratio <- unname(h[, 1]); out$hr_low <- unname(h[, 2]); out$hr_high <- unname(h[, 3]) }
  else { v <- prevalence.msm(fit, times = c(0, 5, 10, 15, 20)); out$observed <- unname(as.matrix(v$Observed)); out$expected <- unname(as.matrix(v$Expected)) }
  out
}
rows <- cav[, c("PTNUM", "years", "state", "dage")]
rows$PTNUM <- as.integer(factor(rows$PTNUM))
out <- list(program = paste("R", getRversion()), version = paste("msm", packageVersion("msm")),
  call = "msm(state ~ years, PTNUM, cav, qmatrix, deathexact = 4, covariates)", rows = as.list(rows), fits = list(one(NULL), one(~ dage)))
writeLines(toJSON(out, digits = 15, auto_unbox = TRUE, na = "null", null = "null"), file.path(folder, "..", "panel.json"))
