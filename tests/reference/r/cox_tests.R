# Robust score tests; exact ties: martingale residuals and the test of proportional hazards; weighted log-rank tests.
# Inputs are the columns pinned in ../cox_grid.json. Writes ../cox_tests.json.
suppressPackageStartupMessages({library(survival); library(jsonlite)})
folder <- dirname(sub("--file=", "", grep("--file=", commandArgs(FALSE), value = TRUE)))
grid <- fromJSON(file.path(folder, "..", "cox_grid.json"))$data
control <- suppressWarnings(coxph.control(eps = 1e-13, toler.chol = 1e-14, iter.max = 50))
frame_of <- function(name) { d <- as.data.frame(grid[[name]]$columns); d$row <- seq_len(nrow(d)); d }

robust <- function(name, ties, weighted, stratified, entered) {
  d <- frame_of(name)
  terms <- c(grid[[name]]$covariates, if (stratified) "strata(stratum)")
  left <- if (entered) "Surv(entry, time, event)" else "Surv(time, event)"
  one <- function(cluster) {
    arguments <- list(formula = as.formula(paste(left, "~", paste(terms, collapse = "+"))), data = d, ties = ties, control = control)
    if (weighted) arguments$weights <- d$weight
    arguments$cluster <- d[[cluster]]
    unname(suppressWarnings(do.call(coxph, arguments))$rscore)
  }
  list(set = name, ties = ties, weighted = weighted, stratified = stratified, entered = entered, row = one("row"), cluster = one("cluster"))
}
scores <- list()
for (name in c("lung", "kidney", "pbc", "cgd")) for (ties in c("efron", "breslow")) for (w in c(FALSE, TRUE))
  for (s in c(FALSE, TRUE)) for (e in c(FALSE, TRUE)) scores[[length(scores) + 1]] <- robust(name, ties, w, s, e)

# cox.zph takes Breslow sums for exact ties. The score test itself: rows cut at the event times, x g(t) added with
# coefficient 0, the exact likelihood, no step taken.
exact <- function(name) {
  d <- frame_of(name); covariates <- grid[[name]]$covariates
  f <- as.formula(paste("Surv(time, event) ~", paste(covariates, collapse = "+")))
  fit <- coxph(f, d, ties = "exact", control = control)
  cut <- survSplit(as.formula(paste("Surv(time, event) ~", paste(c(covariates, "row"), collapse = "+"))), d,
    cut = sort(unique(d$time[d$event == 1])), start = "begin", end = "time")
  score <- function(g, terms) {
    # Centred, which changes no test and keeps R's matrix far from singular.
    x <- as.matrix(cut[covariates]); new <- x[, terms, drop = FALSE] * (g(cut$time) - mean(g(d$time[d$event == 1])))
    all <- cbind(x, new)
    coxph(Surv(begin, time, event) ~ all, cut, ties = "exact", init = c(coef(fit), rep(0, length(terms))),
      control = suppressWarnings(coxph.control(iter.max = 0, toler.chol = 1e-14)))$score
  }
  tests <- lapply(list(identity = identity, log = log), function(g)
    c(sapply(seq_along(covariates), function(j) score(g, j)), score(g, seq_along(covariates))))
  list(set = name, martingale = unname(residuals(fit, "martingale")), deviance = unname(residuals(fit, "deviance")), zph = tests)
}
exacts <- lapply(c("ovarian", "lung", "kidney"), exact)

# A weighted log-rank test is the robust score test of a weighted Cox model of the groups (Breslow ties); with
# Fleming-Harrington weights the groups are multiplied by w(t) in rows cut at the event times.
logrank <- function(name, stratified, entered, rho, gamma, clustered) {
  d <- frame_of(name); d$g <- (d$row * 5) %% 3
  if (!entered) d$entry <- -1
  whole <- survfit(Surv(entry, time, event) ~ 1, d, weights = d$weight)
  before <- function(t) c(1, whole$surv)[findInterval(t, whole$time, left.open = TRUE) + 1]
  cut <- survSplit(Surv(entry, time, event) ~ g + row + weight + cluster + stratum, d, cut = sort(unique(d$time[d$event == 1])),
    start = "begin", end = "time")
  w <- before(cut$time)^rho * (1 - before(cut$time))^gamma
  cut$a <- (cut$g == 1) * w; cut$b <- (cut$g == 2) * w
  f <- as.formula(paste("Surv(begin, time, event) ~ a + b", if (stratified) "+ strata(stratum)"))
  fit <- do.call(coxph, list(formula = f, data = cut, weights = cut$weight, ties = "breslow", control = control,
    cluster = if (clustered) cut$cluster else cut$row))
  list(set = name, stratified = stratified, entered = entered, rho = rho, gamma = gamma, clustered = clustered, chi2 = unname(fit$rscore))
}
logranks <- list()
for (name in c("lung", "kidney")) for (s in c(FALSE, TRUE)) for (e in c(FALSE, TRUE)) for (cl in c(FALSE, TRUE))
  logranks[[length(logranks) + 1]] <- logrank(name, s, e, 0, 0, cl)
for (name in c("lung", "kidney")) for (e in c(FALSE, TRUE)) for (k in list(c(1, 0), c(0, 1), c(0.5, 0.5)))
  logranks[[length(logranks) + 1]] <- logrank(name, FALSE, e, k[1], k[2], FALSE)
out <- list(program = paste("R", getRversion()), version = paste("survival", packageVersion("survival")),
  call = "coxph(robust)$rscore; coxph(ties = 'exact', iter.max = 0)$score on survSplit rows; residuals",
  scores = scores, exact = exacts, logrank = logranks)
writeLines(toJSON(out, digits = 15, auto_unbox = TRUE, na = "null"), file.path(folder, "..", "cox_tests.json"))
