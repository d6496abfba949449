# Simultaneous and likelihood bands by R km.ci, which interpolates its critical values in printed tables.
library(survival)
library(km.ci)
library(jsonlite)
pinned <- fromJSON("tests/reference/kaplan_meier.json")$data
one <- function(name, method, low, high) {
  d <- as.data.frame(pinned[[name]])
  f <- survfit(Surv(time, event) ~ 1, d)
  g <- if (method == "grunkemeier") km.ci(f, conf.level = 0.95, method = method)
       else km.ci(f, conf.level = 0.95, method = method, tl = low, tu = high)
  keep <- which(!is.na(g$lower) & g$lower < g$upper & g$surv < 1)
  keep <- keep[unique(round(seq(1, length(keep), length.out = 12)))]
  list(data = name, method = method, start = low, end = high, time = g$time[keep], low = g$lower[keep],
       high = g$upper[keep])
}
cases <- list()
for (name in c("lung", "veteran", "pbc")) {
  d <- as.data.frame(pinned[[name]])
  range <- as.numeric(quantile(d$time[d$event == 1], c(0.1, 0.8)))
  for (method in c("hall-wellner", "loghall", "epband", "logep", "grunkemeier"))
    cases <- c(cases, list(one(name, method, range[1], range[2])))
}
tables <- list(hall = list(c(0, 0.1, 0.6825), c(0.06, 0.1, 0.6793), c(0.08, 0.1, 0.6666), c(0.1, 0.12, 0.7191),
                           c(0.1, 0.14, 0.7838)))
out <- list(program = "R km.ci", version = as.character(packageVersion("km.ci")), r = R.version.string,
            call = "km.ci(fit, conf.level = 0.95, method = ..., tl = ..., tu = ...)", cases = cases, tables = tables)
write_json(out, "tests/reference/simultaneous_bands.json", auto_unbox = TRUE, digits = NA)
