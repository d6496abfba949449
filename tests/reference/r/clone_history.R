# Clones weighted by covariates that change over time: person-intervals, glm, and survfit on weighted start-stop rows, of a
# marker simulated month by month. Writes ../clone_history.json.
suppressPackageStartupMessages({library(survival); library(jsonlite)})
folder <- dirname(sub("--file=", "", grep("--file=", commandArgs(FALSE), value = TRUE)))
set.seed(31)
n <- 160; grace <- 3; breaks <- 0:3; times <- c(2, 5, 9)
d <- data.frame(id = seq_len(n), age = round(rnorm(n, 62, 8)))
marker <- matrix(round(rnorm(n, 1), 2), n, 12)
for (m in 2:12) marker[, m] <- round(0.7 * marker[, m - 1] + rnorm(n, 0.3, 0.6), 2)
start <- rep(Inf, n)
for (m in 1:3) { waited <- rexp(n, 0.2 * exp(0.7 * marker[, m] - 0.5)); now <- is.infinite(start) & waited < 1; start[now] <- m - 1 + waited[now] }
start <- round(start, 2)
left <- rexp(n); t <- rep(12, n)
for (m in 1:12) { rate <- 0.05 * exp(0.6 * marker[, m] - 0.5 + 0.02 * (d$age - 62)) * ifelse(start < m, 0.6, 1)
  dies <- t == 12 & left < rate; t[dies] <- m - 1 + (left / rate)[dies]; left <- ifelse(dies, Inf, left - rate) }
t <- round(pmax(t, 0.01), 2); end <- round(runif(n, 4, 12), 2); dead <- as.integer(t < pmin(end, 12)); t <- pmin(t, end)
start[start >= t] <- Inf
rows <- do.call(rbind, lapply(1:3, function(k) {
  at <- t > breaks[k] & (start > breaks[k] | k == 1)
  begun <- at & start <= breaks[k + 1]
  part <- ifelse(begun, 1, pmin(t, breaks[k + 1]) - breaks[k])
  data.frame(id = d$id, k = factor(k, 1:3), age = d$age, marker = marker[, k], begun, part)[at, ]
}))
exact <- glm.control(epsilon = 1e-14, maxit = 100)
pooled <- suppressWarnings(glm(begun ~ 0 + k + marker + age, binomial, rows, weights = part, control = exact))
hazard <- sapply(1:3, function(k) -log(1 - predict(pooled, data.frame(k = factor(k, 1:3), age = d$age, marker = marker[, k]), type = "response")))
within <- start <= grace
waiting <- t > grace & start > 2
last <- glm(within ~ marker + age, binomial, data.frame(within, marker = marker[, 3], age = d$age), subset = waiting, control = exact)
chance <- ifelse(waiting, predict(last, data.frame(marker = marker[, 3], age = d$age), type = "response"), 1)
grid <- sort(unique(t[dead == 1]))
curve <- function(g) {
  end <- if (g == 0) ifelse(within, pmin(start, t), t) else ifelse(within, t, pmin(t, grace))
  seen <- dead == 1 & end >= t
  parts <- do.call(rbind, lapply(d$id, function(i) {
    if (end[i] <= 0) return(NULL)
    cut <- c(0, grid[grid < end[i]], end[i]); m <- length(cut); stop <- cut[-1]
    spent <- sapply(stop, function(u) sum(hazard[i, ] * pmin(pmax(u - breaks[1:3], 0), 1)))
    weight <- if (g == 0) exp(spent) else ifelse(stop > grace, 1 / chance[i], 1)
    data.frame(from = cut[-m], to = stop, dead = c(rep(0, m - 2), as.integer(seen[i])), weight)
  }))
  summary(survfit(Surv(from, to, dead) ~ 1, parts, weights = weight), times = times)$surv
}
history <- do.call(rbind, lapply(1:12, function(m) data.frame(id = d$id, month = m - 1, marker = marker[, m])[t > m - 1, ]))
out <- list(program = paste("R", getRversion()), version = paste("survival", packageVersion("survival")),
  call = "glm(begun ~ 0 + k + marker + age, binomial, weights = part); glm(within ~ marker + age, subset = waiting); survfit(start-stop, weights)",
  patients = list(id = d$id, age = d$age, time = t, event = dead, start = ifelse(is.finite(start), start, -1)),
  history = as.list(history), times = times, curves = list(curve(0), curve(1)),
  largest = c(max(exp(rowSums(hazard))[!within & t > grace]), max(1 / chance[within & t > grace])))
writeLines(toJSON(out, digits = 15, auto_unbox = TRUE), file.path(folder, "..", "clone_history.json"))
