# Meta-analysis, meta-regression, influence and small-study tests in metafor, six shipped data sets.
# Tolerances are tightened: the defaults of metafor leave Paule-Mandel 8e-5 from its root.
suppressMessages({library(metafor); library(jsonlite)})
tight <- function(d) list(tol = 1e-14, threshold = 1e-13 * max(1, var(c(d$yi))), maxiter = 100000)

sets <- list(
  bcg = escalc(measure = "RR", ai = tpos, bi = tneg, ci = cpos, di = cneg, data = dat.bcg),
  hackshaw1998 = dat.hackshaw1998,
  normand1999 = escalc(measure = "MD", m1i = m1i, sd1i = sd1i, n1i = n1i, m2i = m2i, sd2i = sd2i, n2i = n2i,
                       data = dat.normand1999),
  raudenbush1985 = dat.raudenbush1985,
  li2007 = escalc(measure = "OR", ai = ai, n1i = n1i, ci = ci, n2i = n2i, data = dat.li2007),
  hine1989 = escalc(measure = "RD", ai = ai, n1i = n1i, ci = ci, n2i = n2i, data = dat.hine1989)
)
moderators <- list(
  bcg = dat.bcg$ablat, hackshaw1998 = dat.hackshaw1998$year, raudenbush1985 = dat.raudenbush1985$weeks
)
methods <- c(fixed = "EE", DL = "DL", PM = "PM", REML = "REML", SJ = "SJ", ML = "ML", EB = "EB", HE = "HE", HS = "HS")
tests <- c(wald = "z", "knapp-hartung" = "knha", "modified-knapp-hartung" = "adhoc")

pooled <- function(d, method, test) {
  m <- suppressWarnings(rma(yi, vi, data = d, method = method, test = test, control = tight(d)))
  p <- predict(m)
  out <- list(estimate = c(m$b), std_error = m$se, conf_low = m$ci.lb, conf_high = m$ci.ub, p_value = m$pval,
              tau2 = m$tau2, q = m$QE, q_p_value = m$QEp, i2 = m$I2, h2 = m$H2, weights = weights(m) / 100)
  if (method != "EE") {
    ci <- suppressMessages(confint(m, control = list(tol = 1e-14, maxiter = 10000, tau2.max = 1e5))$random["tau^2", ])
    out <- c(out, list(prediction_low = p$pi.lb, prediction_high = p$pi.ub,
                       tau2_std_error = m$se.tau2, tau2_conf_low = ci[["ci.lb"]], tau2_conf_high = ci[["ci.ub"]]))
  }
  out
}

influence_of <- function(d) {
  m <- rma(yi, vi, data = d, method = "REML", control = tight(d))
  l <- leave1out(m); f <- influence(m)$inf
  list(estimate = l$estimate, std_error = l$se, tau2 = l$tau2, q = l$Q, i2 = l$I2,
       studentised_residual = f$rstudent, cook_distance = f$cook.d, covariance_ratio = f$cov.r, hat = f$hat)
}

cumulated <- function(d, method) {
  key <- (seq_along(d$yi) * 7) %% 5  # ties keep their order
  at <- order(key)
  # metafor's cumul refits with its loose tolerances: the first n studies are fitted here one n after the other.
  steps <- lapply(2:nrow(d), function(n) { e <- d[at[1:n], ]; m <- suppressWarnings(rma(yi, vi, data = e, method = method, control = tight(d)))
    c(estimate = c(m$b), std_error = m$se, tau2 = m$tau2, q = m$QE, i2 = m$I2, p_value = m$pval) })
  loose <- suppressWarnings(cumul(rma(yi, vi, data = d, method = method), order = key))
  c(list(order = key, cumul = loose$estimate), as.list(as.data.frame(do.call(rbind, steps))))
}

small <- function(d) {
  m <- rma(yi, vi, data = d, method = "REML", control = tight(d))
  e <- regtest(m, model = "lm"); b <- suppressWarnings(ranktest(m))
  t <- trimfill(rma(yi, vi, data = d, method = "DL"))  # closed form: trimfill refits with loose tolerances
  f <- coef(summary(e$fit))
  list(egger_statistic = e$zval, egger_p_value = e$pval, egger_slope = f[2, "Estimate"],
       egger_std_error = f[2, "Std. Error"], limit_estimate = e$est,
       begg_tau = c(b$tau), begg_p_value = b$pval, n_filled = t$k0, filled_side = t$side,
       filled_estimate = c(t$b), filled_std_error = t$se)
}

regressed <- function(d, x, method, test) {
  m <- suppressWarnings(rma(yi, vi, mods = ~x, data = d, method = method, test = test, control = tight(d)))
  p <- predict(m, newmods = x[1:2])
  list(estimate = c(m$b), std_error = m$se, conf_low = m$ci.lb, conf_high = m$ci.ub, p_value = m$pval,
       tau2 = m$tau2, tau2_std_error = m$se.tau2, q = m$QE, i2 = m$I2, moderator_statistic = m$QM / ifelse(test == "z", m$m, 1),
       moderator_p_value = m$QMp, prediction_low = p$pi.lb, prediction_high = p$pi.ub)
}

cases <- lapply(names(sets), function(name) {
  d <- sets[[name]]
  grid <- lapply(methods, function(me) lapply(tests, function(te) pooled(d, me, te)))
  out <- list(name = name, estimate = c(d$yi), variance = c(d$vi), pooled = grid, leave_one_out = influence_of(d),
              cumulative = list(DL = cumulated(d, "DL"), REML = cumulated(d, "REML")),
              small_study = small(d))
  if (!is.null(moderators[[name]])) {
    x <- moderators[[name]]
    out$moderator <- x
    out$regression <- lapply(methods[-1], function(me) lapply(tests, function(te) regressed(d, x, me, te)))
  }
  out
})
out <- list(program = paste("R", getRversion(), "metafor", packageVersion("metafor")),
            call = "rma(yi, vi, method=, test=, control=list(tol=1e-14, threshold=1e-13*max(1, var(yi)))); confint, predict, leave1out, influence, cumul, regtest(model='lm'), ranktest, trimfill, rma(mods=)",
            cases = cases)
writeLines(toJSON(out, digits = NA, auto_unbox = TRUE, pretty = 1), "tests/reference/meta_analysis.json")
