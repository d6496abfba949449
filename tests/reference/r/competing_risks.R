# Cumulative incidence, Gray's test, Fine-Gray and cause-specific regression: R's survival and cmprsk.
# Writes ../competing_risks.json with the data drawn here.
suppressPackageStartupMessages({library(survival); library(cmprsk); library(jsonlite)})
folder <- dirname(sub("--file=", "", grep("--file=", commandArgs(FALSE), value = TRUE)))
set.seed(20240)
n <- 90
draw <- function(digits) {
  d <- data.frame(g = sample(1:3, n, TRUE), s = sample(1:2, n, TRUE), x1 = round(rnorm(n), 3), x2 = rbinom(n, 1, .4))
  t1 <- rexp(n, exp(-1.6 + .5 * d$x1 + .3 * (d$g == 2))); t2 <- rexp(n, exp(-2 + .4 * d$x2)); cen <- runif(n, 1, 14)
  t <- pmin(t1, t2, cen)
  d$cause <- ifelse(t == cen, 0, ifelse(t == t1, 1, 2))
  d$time <- if (digits == 0) pmax(ceiling(t), 1) else pmax(round(t, digits), .01)
  d$weight <- rep(c(1, 2, .5), length.out = n)
  d$entry <- round(d$time * c(0, .3, .6)[1 + (1:n) %% 3], if (digits == 0) 0 else digits)
  d$entry <- ifelse(d$entry >= d$time, 0, d$entry)
  d$id <- 1:n
  d$f <- factor(d$cause, 0:2, c("none", "a", "b"))
  d
}
control <- coxph.control(eps = 1e-13, toler.chol = 1e-14, iter.max = 50)
curve <- function(fit) list(time = fit$time, n_risk = rowSums(as.matrix(fit$n.risk)), estimate = t(fit$pstate[, -1]),
  std_error = t(fit$std.err[, -1]), low = t(fit$lower[, -1]), high = t(fit$upper[, -1]),
  survival = fit$pstate[, 1], survival_std_error = fit$std.err[, 1])
incidence <- function(d, weighted, entered, type) {
  left <- if (entered) "Surv(entry, time, f)" else "Surv(time, f)"
  args <- list(formula = as.formula(paste(left, "~ 1")), data = d, conf.type = type, id = d$id)
  if (weighted) args$weights <- d$weight
  curve(do.call(survfit, args))
}
gray <- function(d) do.call(c, lapply(c(0, 1, 2), function(rho) list(
  list(rho = rho, stratified = FALSE, tests = unname(cuminc(d$time, d$cause, d$g, rho = rho)$Tests)),
  list(rho = rho, stratified = TRUE, tests = unname(cuminc(d$time, d$cause, d$g, strata = d$s, rho = rho)$Tests)))))
regression <- function(d, weighted, entered, stratified) {
  left <- if (entered) "Surv(entry, time, f)" else "Surv(time, f)"
  terms <- "x1 + x2 + id + s"
  # Case weights 1, 2 and .5 as 2, 4 and 1 rows of weight .5: finegray's own weights leave the law of censoring unweighted,
  # so that it gives other estimates than the repeated rows.
  if (weighted) d <- d[rep(seq_len(nrow(d)), 2 * d$weight), ]
  d$half <- .5; d$row <- seq_len(nrow(d))
  args <- list(formula = as.formula(paste(left, "~", terms)), data = d, etype = "a")
  if (weighted) args$weights <- d$half
  if (entered) args$id <- d$row
  # By stratum: finegray of survival 3.5 takes the case weights of the wrong rows when a formula has strata.
  fg <- if (!stratified) do.call(finegray, args) else do.call(rbind, lapply(1:2, function(k) {
    args$data <- d[d$s == k, ]; args$weights <- if (weighted) args$data$half; args$id <- if (entered) args$data$row
    do.call(finegray, args) }))
  rhs <- if (stratified) "x1 + x2 + strata(s)" else "x1 + x2"
  fit <- coxph(as.formula(paste("Surv(fgstart, fgstop, fgstatus) ~", rhs)), fg, weights = fgwt, ties = "breslow",
    robust = TRUE, cluster = id, control = control)
  list(weighted = weighted, entered = entered, stratified = stratified, estimate = unname(coef(fit)),
    robust = unname(fit$var), model = unname(fit$naive.var))
}
one <- function(d) {
  x <- as.matrix(d[, c("x1", "x2")])
  fit <- crr(d$time, d$cause, x, failcode = 1, cencode = 0, gtol = 1e-12)
  grouped <- crr(d$time, d$cause, x, failcode = 1, cencode = 0, cengroup = d$s, gtol = 1e-12)
  new <- rbind(c(0, 0), c(1, 1))
  predicted <- unclass(predict(fit, new))
  ci <- cuminc(d$time, d$cause)
  at <- sort(unique(d$time))
  points <- timepoints(ci, at)
  both <- coxph(Surv(time, f) ~ x1 + x2, d, id = id, ties = "breslow", control = control)
  curves <- survfit(both, newdata = data.frame(x1 = c(0, 1), x2 = c(0, 1)), se.fit = FALSE)
  list(columns = as.list(d[, c("g", "s", "x1", "x2", "cause", "time", "weight", "entry")]),
    incidence = do.call(c, lapply(c(FALSE, TRUE), function(w) lapply(c(FALSE, TRUE), function(e)
      c(list(weighted = w, entered = e), incidence(d, w, e, "log-log"))))),
    bands = lapply(c(log = "log", plain = "plain"), function(k) incidence(d, FALSE, FALSE, k)),
    cuminc = list(time = at, estimate = points$est, variance = points$var), gray = gray(d),
    crr = list(estimate = unname(fit$coef), covariance = fit$var, log_likelihood = fit$loglik, hazard = fit$bfitj,
      predicted = unname(predicted)),
    grouped = unname(grouped$coef),
    finegray = do.call(c, lapply(c(FALSE, TRUE), function(w) do.call(c, lapply(c(FALSE, TRUE), function(e)
      lapply(c(FALSE, TRUE), function(s) regression(d, w, e, s)))))),
    cause_specific = list(estimate = unname(coef(both)), time = curves$time, estimate_a = curves$pstate[, , 2],
      estimate_b = curves$pstate[, , 3]))
}
out <- list(program = R.version.string, survival = as.character(packageVersion("survival")),
  cmprsk = as.character(packageVersion("cmprsk")),
  call = "survfit(Surv(time, factor)), cuminc, crr, finegray + coxph(ties='breslow'), coxph(multi-state) + survfit",
  data = list(exact = one(draw(4)), rounded = one(draw(1)), whole = one(draw(0))))
write(toJSON(out, digits = NA, auto_unbox = TRUE, na = "null"), file.path(folder, "..", "competing_risks.json"))
