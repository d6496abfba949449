# Weighted curves, weighted Cox, standardised survival, treatment over time and cloned follow-up by R survival.
# Run from the repository root: Rscript tests/reference/r/causal.R
library(survival)
library(jsonlite)

d <- na.omit(lung[, c("time", "status", "sex", "age", "ph.ecog")])
z <- as.integer(d$sex == 2)
event <- as.integer(d$status == 2)
glm_fit <- glm(z ~ age + ph.ecog, binomial, d, control = glm.control(epsilon = 1e-14, maxit = 100))
e <- fitted(glm_fit)
share <- mean(z)
w <- ifelse(z == 1, share / e, (1 - share) / (1 - e))
times <- c(100, 300, 500)
robust_cox <- function(ties) {
  f <- coxph(Surv(time, event) ~ z, d, weights = w, robust = TRUE, ties = ties)
  list(estimate = unname(coef(f)), std_error = sqrt(f$naive.var[1]), robust = sqrt(f$var[1]))
}
curves <- lapply(0:1, function(g) {
  part <- data.frame(time = d$time[z == g], event = event[z == g], w = w[z == g])
  s <- summary(survfit(Surv(time, event) ~ 1, part, weights = w, robust = TRUE, conf.type = "log-log"),
               times = times)
  list(survival = s$surv, std_error = s$std.err, conf_low = s$lower, conf_high = s$upper, n_risk = s$n.risk)
})
moments <- function(x) {
  s <- sqrt((var(x[z == 1]) + var(x[z == 0])) / 2)
  m <- function(g, k) weighted.mean(x[z == g], k[z == g])
  c(before = (m(1, rep(1, nrow(d))) - m(0, rep(1, nrow(d)))) / s, after = (m(1, w) - m(0, w)) / s)
}
cox <- coxph(Surv(time, event) ~ z + age + ph.ecog, cbind(d, z))
standardised <- lapply(0:1, function(g) {
  s <- survfit(cox, newdata = transform(cbind(d, z), z = g))
  rowMeans(summary(s, times = times)$surv)
})

# Stanford heart transplants: waiting time, then transplanted.
j <- jasa[, c("futime", "fustat", "wait.time", "age", "surgery")]
j$id <- seq_len(nrow(j))
j$futime <- pmax(j$futime, 0.5)
long <- tmerge(j, j, id = id, death = event(futime, fustat), tx = tdc(wait.time))
varying <- coxph(Surv(tstart, tstop, death) ~ tx + age + surgery, long)

# Clones: no transplant within 60 days, or one; three intervals of 20 days.
grace <- 60
breaks <- seq(0, grace, 20)
start <- ifelse(is.na(j$wait.time), Inf, j$wait.time)
t <- j$futime
rows <- do.call(rbind, lapply(1:3, function(k) {
  at <- t > breaks[k] & (start > breaks[k] | k == 1)
  begun <- at & start <= breaks[k + 1]
  part <- ifelse(begun, 1, (pmin(t, breaks[k + 1]) - breaks[k]) / 20)
  data.frame(id = j$id, k = factor(k, 1:3), age = j$age, surgery = j$surgery, begun, part)[at, ]
}))
pooled <- suppressWarnings(glm(begun ~ 0 + k + age + surgery, binomial, rows, weights = part,
                               control = glm.control(epsilon = 1e-14, maxit = 100)))
hazard <- sapply(1:3, function(k) {
  p <- predict(pooled, data.frame(k = factor(k, 1:3), age = j$age, surgery = j$surgery), type = "response")
  -log(1 - p)
})
within <- start <= grace
there <- t > grace
last <- glm(within ~ age + surgery, binomial, j, subset = there, control = glm.control(epsilon = 1e-14, maxit = 100))
chance <- predict(last, j, type = "response")
grid <- sort(unique(t[j$fustat == 1]))
clone_curve <- function(g) {
  end <- if (g == 0) ifelse(within, pmin(start, t), t) else ifelse(within, t, pmin(t, grace))
  seen <- j$fustat == 1 & end >= t
  parts <- do.call(rbind, lapply(j$id, function(i) {
    cut <- c(0, grid[grid < end[i]], end[i])
    if (end[i] <= 0) return(NULL)
    m <- length(cut)
    stop <- cut[-1]
    spent <- sapply(stop, function(u) sum(hazard[i, ] * pmin(pmax((u - breaks[1:3]) / 20, 0), 1)))
    weight <- if (g == 0) exp(spent) else ifelse(stop > grace, 1 / chance[i], 1)
    data.frame(from = cut[-m], to = stop, dead = c(rep(0, m - 2), as.integer(seen[i])), weight)
  }))
  fit <- survfit(Surv(from, to, dead) ~ 1, parts, weights = weight)
  summary(fit, times = c(30, 100, 300))$surv
}
out <- list(
  program = "R survival", version = as.character(packageVersion("survival")), r = R.version.string,
  call = "glm(binomial); coxph(weights, robust); survfit(weights, robust); survfit(coxph, newdata); tmerge; survfit(start-stop, weights)",
  lung = list(time = d$time, event = event, z = z, age = d$age, ecog = d$ph.ecog, propensity = unname(e), weight = unname(w),
              coefficient = unname(coef(glm_fit)), std_error = unname(sqrt(diag(vcov(glm_fit)))),
              efron = robust_cox("efron"), breslow = robust_cox("breslow"), times = times, curves = curves,
              age_difference = as.list(moments(d$age)), ecog_difference = as.list(moments(d$ph.ecog)),
              standardised = standardised),
  jasa = list(time = j$futime, event = j$fustat, start = ifelse(is.finite(start), start, -1), age = j$age, surgery = j$surgery,
              varying = unname(coef(varying)), varying_se = unname(sqrt(diag(vcov(varying)))),
              clones = list(clone_curve(0), clone_curve(1)), largest = c(max(exp(rowSums(hazard))[!within & there]), max(1 / chance[within & there])))
)
write_json(out, "tests/reference/causal.json", digits = NA, auto_unbox = TRUE)
