# Kaplan-Meier, Nelson-Aalen, quantiles and restricted means by R survival; inputs are pinned beside them.
# Run from the repository root: Rscript tests/reference/r/kaplan_meier.R
library(survival)
library(jsonlite)

inputs <- function(time, event, group, entry = NULL) {
  i <- seq_along(time)
  if (is.null(entry)) entry <- floor(time * ((i * 7) %% 5) / 10)
  list(time = as.numeric(time), event = as.integer(event), group = as.character(group),
       entry = as.numeric(entry), fractional = 0.5 + ((i * 13) %% 7) / 4, whole = 1 + i %% 3,
       cluster = as.integer(i %% 9))
}
pbc3 <- pbc[1:312, ]
blad <- bladder1[bladder1$enum == 1 & bladder1$stop > 0, ]
data <- list(
  lung = inputs(lung$time, lung$status == 2, lung$sex),
  veteran = inputs(veteran$time, veteran$status, veteran$celltype),
  ovarian = inputs(ovarian$futime, ovarian$fustat, ovarian$rx),
  aml = inputs(aml$time, aml$status, aml$x),
  heart = inputs(heart$stop, heart$event, heart$transplant, heart$start),
  bladder = inputs(blad$stop, blad$status == 1, blad$treatment),
  pbc = inputs(pbc3$time / 365.25, pbc3$status == 2, pbc3$trt)
)
types <- c("log-log" = "log-log", "log" = "log", "plain" = "plain", "arcsine" = "arcsin", "logit" = "logit")

one <- function(name, delayed, weights, cluster, group) {
  d <- as.data.frame(data[[name]])
  d$w <- if (weights == "none") 1 else d[[weights]]
  response <- if (delayed) "Surv(entry, time, event)" else "Surv(time, event)"
  call <- sprintf("survfit(%s ~ %s, weights = w, %s)", response, if (group) "group" else "1",
                  if (cluster) "cluster = cluster, robust = TRUE" else "robust = (weights == 'fractional')")
  d$row <- seq_len(nrow(d))
  fit_one <- function(type) {
    arguments <- list(as.formula(paste(response, "~", if (group) "group" else "1")), data = quote(d),
                      weights = quote(w), conf.type = type)
    if (cluster) arguments <- c(arguments, list(cluster = quote(cluster), robust = TRUE))
    else if (weights == "fractional") arguments <- c(arguments, list(id = quote(row), robust = TRUE))
    else arguments <- c(arguments, list(robust = FALSE))
    do.call(survfit, arguments)
  }
  fit <- fit_one("log-log")
  s <- summary(fit, censored = TRUE)
  keep <- unique(round(seq(1, length(s$time), length.out = 12)))
  strata <- if (group) sub("group=", "", as.character(s$strata)) else rep("all", length(s$time))
  bands <- lapply(types, function(type) {
    b <- summary(fit_one(type), censored = TRUE)
    list(low = b$lower[keep], high = b$upper[keep])
  })
  q <- quantile(fit, c(0.25, 0.5, 0.75))
  as_rows <- function(x) if (is.matrix(x)) unname(split(x, row(x))) else list(unname(x))
  list(data = name, delayed = delayed, weights = weights, cluster = cluster, group = group, call = call,
       rows = list(group = strata[keep], time = s$time[keep], n_risk = s$n.risk[keep],
                   n_event = s$n.event[keep], estimate = s$surv[keep], std_error = s$std.err[keep],
                   cumhaz = s$cumhaz[keep], std_chaz = s$std.chaz[keep]),
       bands = bands,
       quantiles = list(estimate = as_rows(q$quantile), low = as_rows(q$lower), high = as_rows(q$upper)))
}
cells <- expand.grid(name = names(data), delayed = c(FALSE, TRUE), weights = c("none", "whole", "fractional"),
                     cluster = c(FALSE, TRUE), group = c(FALSE, TRUE), stringsAsFactors = FALSE)
cells <- cells[!(cells$name == "heart" & !cells$delayed), ]
# Grouped curves once a data set; clusters only on one curve, to keep the file small.
cells <- cells[!(cells$group & (cells$cluster | cells$weights == "whole")), ]
cases <- lapply(seq_len(nrow(cells)), function(k) do.call(one, as.list(cells[k, ])))

ties <- lapply(names(data), function(name) {
  d <- as.data.frame(data[[name]])
  f <- survfit(Surv(time, event) ~ 1, d, ctype = 2)
  keep <- unique(round(seq(1, length(f$time), length.out = 12)))
  list(data = name, time = f$time[keep], cumhaz = f$cumhaz[keep], std_chaz = f$std.chaz[keep])
})
means <- lapply(setdiff(names(data), "heart"), function(name) {
  d <- as.data.frame(data[[name]])
  tau <- as.numeric(quantile(d$time, 0.6))
  m <- summary(survfit(Surv(time, event) ~ group, d), rmean = tau)$table
  list(data = name, tau = tau, estimate = unname(m[, "rmean"]), std_error = unname(m[, "se(rmean)"]))
})
out <- list(program = "R survival", version = as.character(packageVersion("survival")), r = R.version.string,
            call = "survfit(...); quantile(); summary(fit, rmean = tau)", data = data, cases = cases,
            fleming_harrington = ties, restricted_means = means)
write_json(out, "tests/reference/kaplan_meier.json", auto_unbox = TRUE, digits = NA, na = "null", null = "null")
