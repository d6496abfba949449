# Parametric survival models on data sets of the survival package. Writes ../parametric.json.
#   survreg: Weibull, exponential, log-normal, log-logistic x weights x cluster-robust errors
#   glm (Poisson on split follow-up): piecewise exponential x weights x delayed entry
suppressPackageStartupMessages({library(survival); library(jsonlite)})
folder <- dirname(sub("--file=", "", grep("--file=", commandArgs(FALSE), value = TRUE)))

numbers <- function(frame) { frame <- as.data.frame(lapply(frame, as.numeric)); frame[complete.cases(frame), ] }
right <- list(
  lung = with(lung, numbers(list(time = time, event = status == 2, age = age, female = sex == 2,
    cluster = ifelse(is.na(inst), 0, inst)))),
  veteran = with(veteran, numbers(list(time = time, event = status, karno = karno, trt = trt,
    cluster = (seq_along(time) * 5) %% 31))),
  ovarian = with(ovarian, numbers(list(time = futime, event = fustat, age = age, rx = rx,
    cluster = seq_along(age) %% 7))),
  kidney = with(kidney, numbers(list(time = time, event = status, age = age, female = sex == 2, cluster = id))),
  pbc = with(pbc[seq(1, 312, 2), ], numbers(list(time = time, event = status == 2, age = age, lbili = log(bili),
    albumin = albumin, cluster = (id * 3) %% 23))),
  larynx = with(subset(colon, etype == 2)[seq(1, 929, 9), ], numbers(list(time = time, event = status,
    age = age, node4 = node4, cluster = extent))))
entered <- list(
  heart = with(heart, numbers(list(time = stop, entry = start, event = event, age = age, year = year))),
  cgd = with(cgd, numbers(list(time = tstop, entry = tstart, event = status, gamma = treat == "rIFN-g", age = age))),
  bladder2 = with(bladder2, numbers(list(time = stop, entry = start, event = event, rx = rx, number = number))))
names(right)[6] <- "colon"

weights_of <- function(n) 0.4 + (seq_len(n) * 7) %% 11 / 5
covariates <- function(d) setdiff(names(d), c("time", "entry", "event", "cluster", "weight", "w"))

one <- function(d, dist, weighted) {
  f <- as.formula(paste("Surv(time, event) ~", paste(covariates(d), collapse = " + ")))
  d$w <- if (weighted) d$weight else 1
  control <- survreg.control(rel.tolerance = 1e-15, outer.max = 50, maxiter = 200)
  plain <- survreg(f, d, weights = w, dist = dist, control = control, robust = FALSE)
  # survreg(cluster=) of survival 3.5-3 sums dfbetas without the weights; the sandwich needs them
  dfbeta <- rowsum(residuals(plain, "dfbeta", weighted = TRUE), d$cluster)
  list(family = dist, weighted = weighted, estimate = unname(c(coef(plain), if (dist != "exponential") log(plain$scale))),
    log_likelihood = plain$loglik[2], std_error = unname(sqrt(diag(vcov(plain)))),
    cluster_std_error = unname(sqrt(diag(crossprod(dfbeta)))))
}

piecewise <- function(d, weighted) {
  cuts <- unname(quantile(d$time[d$event == 1], c(1, 2) / 3))
  d$w <- if (weighted) d$weight else 1
  if (is.null(d$entry)) d$entry <- 0
  split <- survSplit(Surv(entry, time, event) ~ ., d, cut = cuts, episode = "piece")
  split$length <- split$time - split$entry
  f <- as.formula(paste("event ~ 0 +", paste(covariates(d), collapse = " + "), "+ factor(piece) + offset(log(length))"))
  fit <- suppressWarnings(glm(f, poisson, split, weights = w, control = glm.control(epsilon = 1e-15, maxit = 100)))
  eta <- predict(fit) - log(split$length)
  list(cuts = cuts, weighted = weighted, estimate = unname(coef(fit)), std_error = unname(sqrt(diag(vcov(fit)))),
    log_likelihood = sum(split$w * (split$event * eta - split$length * exp(eta))))
}

data <- list()
for (name in c(names(right), names(entered))) {
  d <- if (name %in% names(right)) right[[name]] else entered[[name]]
  d <- d[d$time > 0, ]
  d$weight <- weights_of(nrow(d))
  cells <- list()
  if (name %in% names(right)) for (dist in c("weibull", "exponential", "lognormal", "loglogistic"))
    for (weighted in c(FALSE, TRUE)) cells[[length(cells) + 1]] <- one(d, dist, weighted)
  pieces <- lapply(c(FALSE, TRUE), function(w) piecewise(d, w))
  drop <- setdiff(names(d), "w")
  data[[name]] <- list(columns = as.list(d[drop]), covariates = covariates(d), survreg = cells, piecewise = pieces)
}
header <- list(program = R.version.string, package = paste("survival", packageVersion("survival")),
  call = "survreg(Surv(time, event) ~ x, weights, dist, cluster), glm(event ~ x + piece + offset(log(length)), poisson)",
  made_by = "tests/reference/r/parametric.R", data = data)
write(toJSON(header, digits = 15, auto_unbox = TRUE), file.path(folder, "..", "parametric.json"))
