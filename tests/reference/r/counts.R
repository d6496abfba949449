# Pooling of counts in metafor and lme4: rma.glmm (proportions), rma.mh, rma.peto; the binomial model of two arms with its
# likelihood integrated on a fine grid. Writes ../counts.json.
suppressMessages({library(metafor); library(jsonlite)})
folder <- dirname(sub("--file=", "", grep("--file=", commandArgs(FALSE), value = TRUE)))
one <- list(
  pritz1997 = dat.pritz1997[c("xi", "ni")],
  zeros = data.frame(xi = c(0, 3, 5, 1, 0, 2), ni = c(12, 30, 25, 18, 9, 40)),
  rare = data.frame(xi = c(0, 0, 1, 0, 4, 0, 2, 9), ni = c(80, 55, 120, 60, 90, 45, 200, 130)),
  full = data.frame(xi = c(10, 12, 4, 20, 7), ni = c(10, 14, 9, 20, 15)))
glmm <- function(d) {
  # lme4 at its own tolerance; the spread of its last digits is 1e-5.
  m <- rma.glmm(measure = "PLO", xi = xi, ni = ni, data = d, nAGQ = 50, control = list(optCtrl = list(rhobeg = 2e-4, rhoend = 2e-9)))
  # The same integral once more, by a fine grid and a search for its maximum.
  z <- seq(-9, 9, length.out = 4001); h <- z[2] - z[1]
  loss <- function(g) -sum(mapply(function(x, n) { eta <- g[1] + exp(g[2]) * z
    log(sum(dbinom(x, n, plogis(eta)) * dnorm(z)) * h) }, d$xi, d$ni))
  best <- if (m$tau2 > 1e-6) optim(c(m$b, 0.5 * log(m$tau2)), loss, control = list(reltol = 1e-15, maxit = 5000)) else NULL
  if (!is.null(best)) { best <- optim(best$par, loss, method = "BFGS", control = list(reltol = 1e-15, maxit = 500), hessian = TRUE) }
  list(xi = d$xi, ni = d$ni, glmm = list(estimate = c(m$b), std_error = m$se, tau2 = m$tau2), lr = m$QE.LRT, lr_p = m$QEp.LRT,
    grid = if (is.null(best)) NULL else list(estimate = best$par[1], std_error = sqrt(solve(best$hessian)[1, 1]), tau2 = exp(2 * best$par[2]), log_likelihood = -best$value))
}
two <- list(
  bcg = with(dat.bcg, data.frame(ai = tpos, n1i = tpos + tneg, ci = cpos, n2i = cpos + cneg)),
  collins1985a = with(dat.collins1985a, data.frame(ai = b.xti, n1i = nti, ci = b.xci, n2i = nci)),
  nielweise2007 = dat.nielweise2007[c("ai", "n1i", "ci", "n2i")],
  zeros = data.frame(ai = c(1, 0, 3, 2, 0, 0), n1i = c(40, 25, 60, 35, 50, 30), ci = c(4, 0, 7, 5, 2, 0), n2i = c(41, 24, 58, 36, 50, 61)))
two$collins1985a <- two$collins1985a[complete.cases(two$collins1985a), ]
tables <- function(name) {
  d <- two[[name]]
  mh <- lapply(c(OR = "OR", RR = "RR", RD = "RD"), function(k) { m <- rma.mh(measure = k, ai = ai, n1i = n1i, ci = ci, n2i = n2i, data = d, add = 0, to = "none", drop00 = FALSE)
    list(estimate = c(m$b), std_error = m$se, conf_low = m$ci.lb, conf_high = m$ci.ub, p_value = m$pval) })
  p <- rma.peto(ai = ai, n1i = n1i, ci = ci, n2i = n2i, data = d, add = 0, to = "none", drop00 = FALSE)
  list(d = d, mh = mh, peto = list(estimate = c(p$b), std_error = p$se, conf_low = p$ci.lb, conf_high = p$ci.ub, p_value = p$pval))
}
# logit p = a + s z1 -+ (theta + tau z2) / 2, z1 and z2 on a grid.
arms <- function(name, spread) {
  d <- two[[name]]
  z <- seq(-7, 7, length.out = 141); h <- z[2] - z[1]; w <- outer(dnorm(z), dnorm(z)) * h^2
  loss <- function(g) { a <- g[1] + exp(g[3]) * z; t <- (g[2] + (if (spread) exp(g[4]) else 0) * z) / 2
    up <- plogis(outer(a, t, "+")); down <- plogis(outer(a, t, "-"))
    -sum(mapply(function(x1, n1, x2, n2) log(sum(dbinom(x1, n1, up) * dbinom(x2, n2, down) * w)), d$ai, d$n1i, d$ci, d$n2i)) }
  start <- c(mean(qlogis((d$ci + 0.5) / (d$n2i + 1))), -0.5, log(0.8), log(0.4))[1:(3 + spread)]
  best <- optim(start, loss, control = list(reltol = 1e-13, maxit = 4000))
  best <- optim(best$par, loss, method = "BFGS", control = list(reltol = 1e-15, maxit = 500), hessian = TRUE)
  list(estimate = best$par[2], std_error = sqrt(solve(best$hessian)[2, 2]), tau2 = if (spread) exp(2 * best$par[4]) else 0, baseline_tau2 = exp(2 * best$par[3]), log_likelihood = -best$value)
}
out <- list(program = paste("R", getRversion()), version = paste("metafor", packageVersion("metafor"), "lme4", packageVersion("lme4")),
  call = "rma.glmm(measure = 'PLO', nAGQ = 50), rma.mh(add = 0), rma.peto(add = 0); optim on likelihoods integrated by a grid",
  proportions = lapply(one, glmm), tables = lapply(setNames(names(two), names(two)), tables), arms = list(collins1985a = arms("collins1985a", TRUE), nielweise2007 = arms("nielweise2007", TRUE), zeros = arms("zeros", FALSE)))
writeLines(toJSON(out, digits = 12, auto_unbox = TRUE, na = "null", null = "null"), file.path(folder, "..", "counts.json"))
