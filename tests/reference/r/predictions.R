# Predicted hazards, quantiles and medians: survfit(coxph, newdata), quantile(), predict(survreg, type = "uquantile").
# Quantiles of incidence, event-free survival and numbers at risk of Aalen-Johansen curves.
# Data are the columns pinned in ../cox_grid.json and ../competing_risks.json. Writes ../predictions.json.
suppressPackageStartupMessages({library(survival); library(jsonlite)})
folder <- dirname(sub("--file=", "", grep("--file=", commandArgs(FALSE), value = TRUE)))
grid <- fromJSON(file.path(folder, "..", "cox_grid.json"))$data
control <- coxph.control(eps = 1e-13, toler.chol = 1e-14, iter.max = 50)
shares <- c(0.1, 0.25, 0.5, 0.75)

of_cox <- function(name, ties, stratified, entered) {
  d <- as.data.frame(grid[[name]]$columns)
  terms <- c(grid[[name]]$covariates, if (stratified) "strata(stratum)")
  left <- if (entered) "Surv(entry, time, event)" else "Surv(time, event)"
  fit <- do.call(coxph, list(as.formula(paste(left, "~", paste(terms, collapse = "+"))), data = d, ties = ties, control = control))
  times <- unname(quantile(d$time[d$event == 1], c(0.2, 0.5, 0.8), type = 1))
  patients <- lapply(c(1, 5), function(i) {
    f <- survfit(fit, newdata = d[i, ], conf.type = "log-log")
    q <- quantile(f, shares); at <- summary(f, times = times, extend = TRUE)
    list(quantile = c(q$quantile), low = c(q$lower), high = c(q$upper), cumulative = at$cumhaz, std_error = at$std.chaz)
  })
  list(set = name, ties = ties, stratified = stratified, entered = entered, times = times, patients = patients)
}
cox <- list()
for (name in c("lung", "pbc")) for (ties in c("efron", "breslow")) for (s in c(FALSE, TRUE)) for (e in c(FALSE, TRUE))
  cox[[length(cox) + 1]] <- of_cox(name, ties, s, e)

lung <- lung[!is.na(lung$ph.ecog), ]
new <- data.frame(age = c(50, 70), sex = c(1, 2))
# Weibull of survreg: log H = (log t - eta) / sigma, so hazards follow with their delta-method error by hand.
weibull_hazard <- function(fit, new, times) lapply(seq_len(nrow(new)), function(i) {
  x <- c(1, new$age[i], new$sex[i]); eta <- sum(x * coef(fit)); sigma <- fit$scale; u <- (log(times) - eta) / sigma
  gradient <- function(constant) cbind(-outer(rep(1 / sigma, length(times)), x), -u + constant)
  error <- function(g) sqrt(rowSums((g %*% vcov(fit)) * g))
  list(hazard = exp(u) / (sigma * times), log_error = error(gradient(-1)),
       cumulative = exp(u), cumulative_log_error = error(gradient(0)))
})
of_law <- function(dist) {
  fit <- survreg(Surv(time, status) ~ age + sex, lung, dist = dist, control = survreg.control(rel.tolerance = 1e-13, maxiter = 100))
  q <- predict(fit, new, type = "uquantile", p = shares, se.fit = TRUE)
  out <- list(dist = dist, log_quantile = unname(q$fit), log_error = unname(q$se.fit))
  if (dist == "weibull") out$hazards <- weibull_hazard(fit, new, c(100, 400, 900))
  out
}
# R has no quantile of an incidence: its own quantile.survfit reads the curve turned over, 1 - F.
risks <- fromJSON(file.path(folder, "..", "competing_risks.json"))$data
of_incidence <- function(name, entered) {
  d <- as.data.frame(risks[[name]]$columns)
  d$f <- factor(d$cause, 0:2, c("none", "a", "b")); d$id <- seq_len(nrow(d))
  left <- if (entered) "Surv(entry, time, f)" else "Surv(time, f)"
  fit <- do.call(survfit, list(as.formula(paste(left, "~ 1")), data = d, conf.type = "log-log", id = d$id))
  causes <- lapply(c(a = 2, b = 3), function(k) {
    turned <- survfit(Surv(time, cause > 0) ~ 1, d)
    f <- fit$pstate[, k]
    turned$time <- fit$time; turned$surv <- 1 - f; turned$lower <- 1 - ifelse(f > 0, fit$upper[, k], 0)
    turned$upper <- 1 - ifelse(f > 0, fit$lower[, k], 0); turned$n.risk <- turned$n.event <- fit$time
    q <- quantile(turned, c(0.05, 0.2, 0.4))
    list(estimate = c(q$quantile), low = c(q$lower), high = c(q$upper))
  })
  at <- summary(fit, times = c(1, 3, 5))
  # summary.survfit counts those who enter before the next step as at risk; here they are counted one by one.
  n_risk <- sapply(c(1, 3, 5), function(t) sum((if (entered) d$entry else 0) < t & d$time >= t))
  list(set = name, entered = entered, causes = causes, n_risk = n_risk,
    survival = at$pstate[, 1], std_error = at$std.err[, 1], low = at$lower[, 1], high = at$upper[, 1])
}
# Incidence from Cox models of both causes with strata: R's cumulative hazards of each, joined by the exponential of
# their increments.
stratified <- function(name) {
  d <- as.data.frame(risks[[name]]$columns)
  new <- data.frame(x1 = c(0, 1, -0.5), x2 = c(0, 1, 1), s = c(1, 2, 2))
  at <- sort(unique(d$time[d$cause > 0]))
  jumps <- lapply(1:2, function(k) {
    fit <- coxph(Surv(time, cause == k) ~ x1 + x2 + strata(s), d, control = control)
    sapply(seq_len(nrow(new)), function(i) { f <- survfit(fit, newdata = new[i, ])
      diff(c(0, approx(f$time, f$cumhaz, at, method = "constant", yleft = 0, rule = 2)$y)) })
  })
  total <- jumps[[1]] + jumps[[2]]; alive <- exp(-apply(total, 2, cumsum)); before <- rbind(1, head(alive, -1))
  share <- ifelse(total > 0, (1 - exp(-total)) / total, 1)
  list(set = name, time = at, new = new, incidence = lapply(jumps, function(j) t(apply(before * share * j, 2, cumsum))))
}
incidence <- list()
for (name in c("exact", "rounded")) for (e in c(FALSE, TRUE)) incidence[[length(incidence) + 1]] <- of_incidence(name, e)
out <- list(program = paste("R", getRversion()), version = paste("survival", packageVersion("survival")),
  call = "quantile(survfit(coxph, newdata)), summary(survfit)$cumhaz, std.chaz; predict(survreg, type = 'uquantile', se.fit)",
  shares = shares, cox = cox, lung = list(time = lung$time, event = lung$status == 2, age = lung$age, sex = lung$sex),
  new = new, incidence = incidence, stratified = lapply(c("exact", "rounded"), stratified), laws = lapply(c("weibull", "lognormal", "loglogistic", "exponential"), of_law))
writeLines(toJSON(out, digits = 15, auto_unbox = TRUE, na = "null"), file.path(folder, "..", "predictions.json"))
