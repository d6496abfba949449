# What is asked of a Cox fit: zph, predicted survival, residuals, concordance; ridge and frailty fits.
# Inputs are the columns pinned in ../cox_grid.json. Writes ../cox_details.json. Run after cox_grid.R.
suppressPackageStartupMessages({library(survival); library(jsonlite)})
folder <- dirname(sub("--file=", "", grep("--file=", commandArgs(FALSE), value = TRUE)))
grid <- fromJSON(file.path(folder, "..", "cox_grid.json"))$data
control <- suppressWarnings(coxph.control(eps = 1e-13, toler.chol = 1e-14, iter.max = 50))

details <- function(d, covariates, ties, weighted, stratified, entered) {
  terms <- c(covariates, if (stratified) "strata(stratum)")
  left <- if (entered) "Surv(entry, time, event)" else "Surv(time, event)"
  arguments <- list(formula = as.formula(paste(left, "~", paste(terms, collapse = "+"))), data = d, ties = ties,
    control = control, robust = FALSE, x = TRUE, y = TRUE, model = TRUE)
  if (weighted) arguments$weights <- d$weight
  fit <- suppressWarnings(do.call(coxph, arguments))
  zph <- lapply(c(km = "km", rank = "rank", identity = "identity", log = "log"), function(g) unname(cox.zph(fit, transform = g)$table[, 1]))
  new <- d[c(1, 5), ]
  times <- unname(quantile(d$time[d$event == 1], c(0.2, 0.5, 0.8), type = 1))
  curves <- lapply(1:2, function(i) {
    s <- summary(survfit(fit, newdata = new[i, ], conf.type = "log-log"), times = times, extend = TRUE)
    list(survival = s$surv, std_error = s$std.err / s$surv, low = s$lower, high = s$upper) })
  pick <- c(1, 2, 5, 11, 20)
  cc <- concordance(fit)
  list(ties = ties, weighted = weighted, stratified = stratified, entered = entered, zph = zph, times = times,
    curves = curves, martingale = unname(residuals(fit, "martingale")[pick]), deviance = unname(residuals(fit, "deviance")[pick]),
    score = unname(residuals(fit, "score")[pick, ]), dfbeta = unname(residuals(fit, "dfbeta")[pick, ]),
    dfbetas = unname(residuals(fit, "dfbetas")[pick, ]),
    schoenfeld = unname(residuals(fit, "schoenfeld")[1:4, ]), scaled = unname(residuals(fit, "scaledsch")[1:4, ]),
    baseline = tail(basehaz(fit, centered = FALSE)$hazard, 1),
    concordance = unname(cc$concordance), concordance_se = sqrt(unname(cc$var)))
}

cells <- list()
for (name in c("lung", "pbc", "heart", "cgd")) for (ties in c("efron", "breslow")) for (weighted in c(FALSE, TRUE))
  for (stratified in c(FALSE, TRUE)) for (entered in c(FALSE, TRUE)) {
    d <- as.data.frame(grid[[name]]$columns)
    if (name == "heart" && stratified) next  # one event in the smaller stratum's tail only
    cells[[length(cells) + 1]] <- c(list(set = name), details(d, grid[[name]]$covariates, ties, weighted, stratified, entered))
  }

ridges <- list()
for (name in c("lung", "veteran", "heart")) for (theta in c(0.5, 5)) for (ties in c("efron", "breslow")) {
  d <- as.data.frame(grid[[name]]$columns)
  f <- as.formula(paste(if (name == "heart") "Surv(entry, time, event)" else "Surv(time, event)", "~ ridge(",
    paste(grid[[name]]$covariates, collapse = ","), ", theta =", theta, ", scale = TRUE)"))
  fit <- coxph(f, d, ties = ties, control = coxph.control(eps = 1e-12, toler.chol = 1e-13, iter.max = 50))
  ridges[[length(ridges) + 1]] <- list(set = name, theta = theta, ties = ties, estimate = unname(coef(fit)),
    std_error = unname(sqrt(diag(fit$var))), log_likelihood = fit$loglik[2], df = fit$df)
}

frailties <- list()
for (name in c("kidney", "cgd", "lung")) for (distribution in c("gamma", "gaussian")) {
  d <- as.data.frame(grid[[name]]$columns)
  left <- if (name == "cgd") "Surv(entry, time, event)" else "Surv(time, event)"
  method <- if (distribution == "gamma") "em" else "reml"
  f <- as.formula(paste(left, "~", paste(grid[[name]]$covariates, collapse = "+"), "+ frailty(cluster, distribution = '",
    distribution, "', sparse = FALSE, method = '", method, "', eps = 1e-10)", sep = ""))
  fit <- suppressWarnings(coxph(f, d, control = coxph.control(eps = 1e-12, toler.chol = 1e-13, iter.max = 100, outer.max = 200)))
  p <- length(grid[[name]]$covariates)
  h <- fit$history[[1]]
  frailties[[length(frailties) + 1]] <- list(set = name, distribution = distribution, variance = h$theta,
    marginal = if (is.null(h$c.loglik)) NA else h$c.loglik, estimate = unname(coef(fit))[1:p],
    std_error = unname(sqrt(diag(fit$var)))[1:p], log_likelihood = fit$loglik[2])
}
out <- list(program = paste("R", getRversion()), version = paste("survival", packageVersion("survival")),
  call = "cox.zph, survfit(newdata), residuals, basehaz, concordance; coxph(ridge()), coxph(frailty(sparse = FALSE))",
  cells = cells, ridge = ridges, frailty = frailties)
writeLines(toJSON(out, digits = 15, auto_unbox = TRUE, na = "null"), file.path(folder, "..", "cox_details.json"))
