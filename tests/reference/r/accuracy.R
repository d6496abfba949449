# How well a score predicts: Uno's concordance (survival), time-dependent AUC and Brier score (riskRegression; with weights
# and clusters by plain arithmetic, the standard error from numerical derivatives by each patient's weight).
# Data are the columns pinned in ../cox_grid.json. Writes ../accuracy.json.
suppressPackageStartupMessages({library(survival); library(riskRegression); library(jsonlite)})
folder <- dirname(sub("--file=", "", grep("--file=", commandArgs(FALSE), value = TRUE)))
grid <- fromJSON(file.path(folder, "..", "cox_grid.json"))$data
control <- coxph.control(eps = 1e-13, toler.chol = 1e-14, iter.max = 50)
sets <- list(lung = c(180, 365, 540), veteran = c(30, 100, 200), kidney = c(20, 60, 150))
frame_of <- function(name) {
  d <- as.data.frame(grid[[name]]$columns)
  fit <- coxph(as.formula(paste("Surv(time, event) ~", paste(grid[[name]]$covariates, collapse = "+"))), d, control = control)
  d$lp <- round(predict(fit), 6)  # some scores are tied
  if (name == "kidney") d$lp <- round(d$lp, 1)
  d$h <- d$lp - min(d$lp)
  d
}
risks <- function(d, times) outer(exp(d$h), times / median(d$time), function(a, b) 1 - exp(-0.4 * a * b))

uno <- function(name, weighted, stratified, ymax) {
  d <- frame_of(name)
  f <- if (stratified) Surv(time, event) ~ lp + strata(stratum) else Surv(time, event) ~ lp
  arguments <- list(f, data = d, timewt = "n/G2", reverse = TRUE, keepstrata = FALSE)
  if (weighted) arguments$weights <- d$weight
  if (!is.null(ymax)) arguments$ymax <- ymax
  fit <- do.call(concordance, arguments)
  grouped <- do.call(concordance, c(arguments, list(cluster = d$cluster)))
  list(set = name, weighted = weighted, stratified = stratified, tau = ymax, count = unname(fit$count[1:3]),
    estimate = unname(fit$concordance), std_error = sqrt(fit$var), cluster_error = sqrt(grouped$var))
}
unos <- list()
for (name in names(sets)) for (w in c(FALSE, TRUE)) for (s in c(FALSE, TRUE)) for (y in list(NULL, sets[[name]][2]))
  unos[[length(unos) + 1]] <- uno(name, w, s, y)

scored <- function(name) {
  d <- frame_of(name); times <- sets[[name]]
  x <- Score(list(model = risks(d, times)), Surv(time, event) ~ 1, data = d, times = times, se.fit = TRUE, conf.int = TRUE,
    metrics = c("AUC", "Brier"), cens.model = "km", null.model = TRUE)
  a <- as.data.frame(x$AUC$score); b <- as.data.frame(x$Brier$score)
  b0 <- b[b$model == "Null model", ]; b <- b[b$model == "model", ]
  list(set = name, times = times, lp = d$lp, risk = risks(d, times), auc = a$AUC, auc_error = a$se, brier = b$Brier, brier_error = b$se, null = b0$Brier)
}

# G(t-) or G(t) with events before censorings at equal times.
staying <- function(d, w, t, after) { v <- 1
  for (u in sort(unique(d$time[d$event == 0]))) if (if (after) u <= t else u < t) {
    n <- sum(w[d$time > u]) + sum(w[d$time == u & d$event == 0]); v <- v * (1 - sum(w[d$time == u & d$event == 0]) / n) }
  v }
auc <- function(w, d, t) {
  case <- which(d$event == 1 & d$time <= t); control <- which(d$time > t)
  g <- sapply(d$time[case], function(s) staying(d, w, s, FALSE))
  k <- outer(w[case] / g, w[control]); sum(k * (outer(d$lp[case], d$lp[control], ">") + 0.5 * outer(d$lp[case], d$lp[control], "=="))) / sum(k)
}
brier <- function(w, d, t, risk) {
  case <- which(d$event == 1 & d$time <= t); control <- which(d$time > t)
  g <- sapply(d$time[case], function(s) staying(d, w, s, FALSE))
  (sum(w[case] * (1 - risk[case])^2 / g) + sum(w[control] * risk[control]^2) / staying(d, w, t, TRUE)) / sum(w)
}
derivative <- function(f, w) sapply(seq_along(w), function(k) { e <- 1e-4 * w[k]; up <- w; down <- w; up[k] <- w[k] + e; down[k] <- w[k] - e
  (f(up) - f(down)) / (2 * e) })
by_weights <- function(name, weighted) {
  d <- frame_of(name); times <- sets[[name]]; w <- if (weighted) d$weight else rep(1, nrow(d))
  r <- risks(d, times)
  part <- function(f) { influence <- w * derivative(f, w)
    c(f(w), sqrt(sum(influence^2)), sqrt(sum(tapply(influence, d$cluster, sum)^2))) }
  list(set = name, weighted = weighted, auc = t(sapply(times, function(t) part(function(w) auc(w, d, t)))),
    brier = t(sapply(seq_along(times), function(i) part(function(w) brier(w, d, times[i], r[, i])))),
    integrated = part(function(w) { b <- sapply(seq_along(times), function(i) brier(w, d, times[i], r[, i]))
      sum(diff(times) * (head(b, -1) + tail(b, -1)) / 2) / diff(range(times)) }))
}
weights <- list()
for (name in c("veteran", "kidney")) for (w in c(FALSE, TRUE)) weights[[length(weights) + 1]] <- by_weights(name, w)
out <- list(program = paste("R", getRversion()), version = paste("survival", packageVersion("survival"), "riskRegression", packageVersion("riskRegression")),
  call = "concordance(timewt = 'n/G2'); Score(metrics = c('AUC', 'Brier'), cens.model = 'km'); numerical derivatives",
  uno = unos, scores = lapply(names(sets), scored), weights = weights)
writeLines(toJSON(out, digits = 15, auto_unbox = TRUE, na = "null", null = "null"), file.path(folder, "..", "accuracy.json"))
