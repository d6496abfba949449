# Mean time in each state to a horizon: summary(survfit, rmean =) on the cyclic process pinned in ../multistate.json.
# Writes ../mean_time.json.
suppressPackageStartupMessages({library(survival); library(jsonlite)})
folder <- dirname(sub("--file=", "", grep("--file=", commandArgs(FALSE), value = TRUE)))
pinned <- fromJSON(file.path(folder, "..", "multistate.json"))$cycle
stays <- as.data.frame(pinned$rows)
states <- c("well", "ill", "dead")
stays$event <- factor(stays$to, c("none", states)); stays$state <- factor(stays$from, states)
one <- function(tau, weighted) {
  args <- list(formula = Surv(entry, exit, event) ~ 1, data = stays, id = stays$id, istate = stays$state)
  if (weighted) args$weights <- pinned$weight
  fit <- do.call(survfit, c(args, list(influence = TRUE)))
  at <- match(states, fit$states)
  # This version prints no error of the mean: the patients' influence on each probability, summed over the steps to tau.
  u <- fit$influence.pstate
  u <- u[, dim(u)[2] - (length(fit$time):1) + 1, ]  # without time 0
  if (weighted) u <- u * pinned$weight[match(dimnames(u)[[1]], stays$id)]
  stopifnot(all.equal(unname(sqrt(apply(u^2, 2:3, sum))), unname(fit$std.err), tolerance = 1e-8))
  width <- diff(pmin(c(fit$time, Inf), tau))
  area <- apply(u, c(1, 3), function(x) sum(x * width))
  list(tau = tau, weighted = weighted, estimate = unname(summary(fit, rmean = tau)$table[at, "rmean"]), std_error = unname(sqrt(colSums(area^2)))[at])
}
cells <- list()
for (tau in c(5, 12.5, 20)) for (w in c(FALSE, TRUE)) cells[[length(cells) + 1]] <- one(tau, w)
out <- list(program = paste("R", getRversion()), version = paste("survival", packageVersion("survival")),
  call = "summary(survfit(Surv(entry, exit, event) ~ 1, id, istate, influence = TRUE), rmean = tau)$table; influence.pstate summed over steps", states = states, cells = cells)
writeLines(toJSON(out, digits = 15, auto_unbox = TRUE, na = "null"), file.path(folder, "..", "mean_time.json"))
