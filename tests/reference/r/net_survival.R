# Net survival by Pohar Perme, Ederer I and II: rs.surv of relsurv, and survexp of survival for the population's survival, on
# simulated patients and a table of rates by age, year and sex. Writes ../net_survival.json.
suppressPackageStartupMessages({library(survival); library(relsurv); library(jsonlite)})
folder <- dirname(sub("--file=", "", grep("--file=", commandArgs(FALSE), value = TRUE)))
ages <- c(0, 1, 5, seq(10, 105, 5)); years <- c(1990, 1995, 2000, 2002, 2004)
cells <- expand.grid(age = ages, year = years, sex = c("female", "male"), stringsAsFactors = FALSE)
cells$rate <- signif(exp(-9.6 + 0.095 * cells$age - 0.02 * (cells$year - 1990) + 0.45 * (cells$sex == "male")), 4)
day <- 365.25  # survsim's year; the table is given in days with that length
table <- array(cells$rate / day, c(length(ages), length(years), 2),
  dimnames = list(age = as.character(ages), year = as.character(years), sex = c("female", "male")))
attributes(table) <- c(attributes(table), list(dimid = c("age", "year", "sex"), type = c(2, 3, 1),
  cutpoints = list(ages * day, as.Date((years - 1970) * day, origin = "1970-01-01"), NULL), class = "ratetable"))
set.seed(12)
n <- 90
d <- data.frame(age = round(runif(n, 45, 88), 2), year = round(runif(n, 1991, 2003), 2), sex = rep(c("female", "male"), n / 2),
  arm = rep(c("A", "B", "B"), n / 3))
death <- pmin(rexp(n, 0.12), rexp(n, exp(-9.6 + 0.095 * (d$age + 3))))
end <- runif(n, 1, 9)
d$time <- ceiling(pmin(death, end) * day); d$event <- as.integer(death <= end)
d$a <- d$age * day; d$y <- as.Date((d$year - 1970) * day, origin = "1970-01-01")
one <- function(method, type, arm) {
  rows <- if (is.null(arm)) d else d[d$arm == arm, ]
  args <- list(Surv(time, event) ~ 1, rows, ratetable = table, method = method, type = type, rmap = quote(list(age = a, year = y, sex = sex)))
  # Between two of its times relsurv keeps the weights of the first, whatever `precision` says: many more times are given.
  if (method == "pohar-perme") args$add.times <- seq(0.05, max(rows$time), 0.1)
  if (method == "ederer2") args$precision <- 0.02
  fit <- do.call(rs.surv, args)
  keep <- fit$time %in% rows$time
  list(method = method, type = type, arm = arm, time = fit$time[keep], n_risk = fit$n.risk[keep], surv = fit$surv[keep],
    std_error_log = fit$std.err[keep], conf_low = fit$lower[keep], conf_high = fit$upper[keep])
}
fits <- list()
for (m in c("pohar-perme", "ederer2", "ederer1")) for (arm in list(NULL, "A", "B")) fits[[length(fits) + 1]] <- one(m, "fleming-harrington", arm)
for (m in c("pohar-perme", "ederer1")) fits[[length(fits) + 1]] <- one(m, "kaplan-meier", NULL)
at <- c(100, 365, 1000, 2000)
expected <- survexp(~ 1, data = d, rmap = list(age = a, year = y, sex = sex), ratetable = table, times = at, method = "ederer")$surv
out <- list(program = paste("R", getRversion()), version = paste("relsurv", packageVersion("relsurv"), "survival", packageVersion("survival")),
  call = "rs.surv(Surv(time, event) ~ 1, ratetable, method, type, add.times = seq(0.05, max, 0.1)); survexp(~ 1, method = 'ederer')",
  population = as.list(cells), rows = as.list(d[, c("age", "year", "sex", "arm", "time", "event")]), fits = fits,
  expected_times = at, expected = unname(expected))
writeLines(toJSON(out, digits = 15, auto_unbox = TRUE, na = "null", null = "null"), file.path(folder, "..", "net_survival.json"))
