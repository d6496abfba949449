# Melded limits of two small-sample survivals and laws of products of Beta variables, by R's integrate() and uniroot().
# The procedure is written here from Fay, Brittain & Proschan 2013 and Fay, Proschan & Brittain 2015. Writes ../melding.json.
suppressPackageStartupMessages(library(jsonlite))
folder <- dirname(sub("--file=", "", grep("--file=", commandArgs(FALSE), value = TRUE)))
arms <- list(placebo = list(time = c(1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23), event = rep(1, 21)),
  mp = list(time = c(6, 6, 6, 6, 7, 9, 10, 10, 11, 13, 16, 17, 19, 20, 22, 23, 25, 32, 32, 34, 35),
    event = c(1, 1, 1, 0, 1, 0, 1, 0, 0, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0)))
factors <- function(arm, at) {  # rows a, b of the upper law, and the number beyond
  at_risk <- function(u) sum(arm$time >= u)
  u <- sort(unique(arm$time[arm$event == 1 & arm$time <= at]))
  d <- sapply(u, function(v) sum(arm$time == v & arm$event == 1)); y <- sapply(u, at_risk)
  list(a = y - d + 1, b = d, beyond = sum(arm$time > max(arm$time[arm$time <= at])))
}
moments <- function(a, b) { m <- prod(a / (a + b)); s <- prod(a * (a + 1) / ((a + b) * (a + b + 1)))
  k <- (m - s) / (s - m^2); c(m * k, (1 - m) * k) }
laws <- function(arm, at) { f <- factors(arm, at)
  list(upper = moments(f$a, f$b), lower = moments(c(f$a, f$beyond), c(f$b, 1))) }
edge <- list(difference = function(s, v) s + v, ratio = function(s, v) s * v, "odds ratio" = function(s, v) s * v / (1 - s + s * v))
cuts <- c(0, 10^(-6:-1), 0.3, 0.5, 0.7, 1 - 10^(-1:-6), 1)
below <- function(second, first, measure, v) sum(sapply(seq_along(cuts)[-1], function(k) integrate(function(u) {
  e <- edge[[measure]](qbeta(u, first[1], first[2]), v)
  pbeta(pmin(pmax(e, 0), 1), second[1], second[2]) }, cuts[k - 1], cuts[k], rel.tol = 1e-9, abs.tol = 1e-13, subdivisions = 500,
  stop.on.error = FALSE)$value))
solve_for <- function(f, measure) if (measure == "difference") uniroot(f, c(-1, 1), tol = 1e-12)$root else
  exp(uniroot(function(x) f(exp(x)), c(-7, 7), tol = 1e-12)$root)
melded <- function(one, two, measure, level, mid) { tail <- (1 - level) / 2
  mixed <- function(v) mean(c(below(two$lower, one$lower, measure, v), below(two$lower, one$upper, measure, v),
    below(two$upper, one$lower, measure, v), below(two$upper, one$upper, measure, v)))
  null <- if (measure == "difference") 0 else 1
  if (mid) { p <- mixed(null); p <- 2 * min(p, 1 - p)
    low <- solve_for(function(v) mixed(v) - tail, measure); high <- solve_for(function(v) mixed(v) - 1 + tail, measure) }
  else { p <- 2 * min(below(two$lower, one$upper, measure, null), 1 - below(two$upper, one$lower, measure, null))
    low <- solve_for(function(v) below(two$lower, one$upper, measure, v) - tail, measure)
    high <- solve_for(function(v) below(two$upper, one$lower, measure, v) - 1 + tail, measure) }
  list(low = low, high = high, p = min(1, p)) }
cells <- list()
for (at in c(7, 10)) for (mid in c(FALSE, TRUE)) for (measure in names(edge)) {
  cells[[length(cells) + 1]] <- c(list(at = at, mid = mid, measure = measure),
    melded(laws(arms$mp, at), laws(arms$placebo, at), measure, 0.95, mid)) }
# The law of a product of Beta variables: the last factor's distribution averaged over a grid of 400 quantiles of each other.
middle <- (1:400 - 0.5) / 400
product_cdf <- function(x, a, b) { k <- length(a)
  others <- if (k == 2) qbeta(middle, a[1], b[1]) else as.vector(outer(qbeta(middle, a[1], b[1]), qbeta(middle, a[2], b[2])))
  mean(pbeta(pmin(x / others, 1), a[k], b[k])) }
quantile_of <- function(p, a, b) uniroot(function(x) product_cdf(x, a, b) - p, c(1e-9, 1 - 1e-9), tol = 1e-8)$root
thin <- list(time = c(3, 4, 5, 6, 7, 8, 9, 10), event = c(1, 0, 0, 0, 0, 1, 0, 0))  # two events, few behind the second
exact <- list()
for (k in 1:2) { arm <- list(thin, arms$mp)[[k]]; at <- c(8, 7)[k]; f <- factors(arm, at)
  for (level in c(0.9, 0.95)) { tail <- (1 - level) / 2
    exact[[length(exact) + 1]] <- list(time = arm$time, event = arm$event, at = at, level = level,
      low = quantile_of(tail, c(f$a, f$beyond), c(f$b, 1)), high = quantile_of(1 - tail, f$a, f$b)) } }
out <- list(program = paste("R", getRversion()), version = "base: integrate, uniroot, pbeta, qbeta",
  call = "melded limits and quantiles of products of Beta laws", arms = arms, melded = cells, exact = exact)
writeLines(toJSON(out, digits = 12, auto_unbox = TRUE), file.path(folder, "..", "melding.json"))
