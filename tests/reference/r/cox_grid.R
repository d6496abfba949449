# Cox regression on eight data sets of the survival package: ties x weights x strata x delayed entry,
# each with model-based, row-wise and cluster-robust standard errors. Writes ../cox_grid.json.
suppressPackageStartupMessages({library(survival); library(jsonlite)})
folder <- dirname(sub("--file=", "", grep("--file=", commandArgs(FALSE), value = TRUE)))

numbers <- function(frame) { frame <- as.data.frame(lapply(frame, as.numeric)); frame[complete.cases(frame), ] }
sets <- list(
  lung = with(lung, numbers(list(time = time, event = status == 2, age = age, female = sex == 2, ecog = ph.ecog,
    stratum = ifelse(is.na(inst), 0, inst) > 10, cluster = inst))),
  veteran = with(veteran, numbers(list(time = time, event = status, karno = karno, age = age, trt = trt,
    stratum = as.integer(celltype), cluster = (seq_along(time) * 5) %% 31))),
  ovarian = with(ovarian, numbers(list(time = futime, event = fustat, age = age, rx = rx, stratum = ecog.ps,
    cluster = seq_along(age) %% 7))),
  kidney = with(kidney, numbers(list(time = time, event = status, age = age, female = sex == 2,
    stratum = disease == "GN", cluster = id))),
  pbc = with(pbc[seq(1, 312, 2), ], numbers(list(time = time, event = status == 2, age = age, lbili = log(bili),
    oedema = edema, albumin = albumin, stratum = trt, cluster = (id * 3) %% 23))),
  heart = with(heart, numbers(list(time = stop, entry = start, event = event, age = age, year = year,
    transplant = transplant == 1, stratum = surgery, cluster = id))),
  cgd = with(cgd, numbers(list(time = tstop, entry = tstart, event = status, gamma = treat == "rIFN-g", age = age,
    recessive = inherit == "autosomal", stratum = steroids, cluster = id))),
  bladder2 = with(bladder2, numbers(list(time = stop, entry = start, event = event, rx = rx, number = number,
    size = size, stratum = enum, cluster = id))))

cell <- function(d, covariates, ties, weighted, stratified, entered) {
  terms <- c(covariates, if (stratified) "strata(stratum)")
  left <- if (entered) "Surv(entry, time, event)" else "Surv(time, event)"
  f <- as.formula(paste(left, "~", paste(terms, collapse = " + ")), env = environment())
  control <- suppressWarnings(coxph.control(eps = 1e-13, toler.chol = 1e-14, iter.max = 50))
  call <- function(...) {
    arguments <- c(list(formula = f, data = d, ties = ties, control = control), list(...))
    if (weighted) arguments$weights <- quote(weight)
    suppressWarnings(do.call(coxph, arguments))
  }
  fit <- call(robust = FALSE)  # R goes robust by itself when weights are not whole
  out <- list(ties = ties, weighted = weighted, stratified = stratified, entered = entered,
    estimate = unname(coef(fit)), std_error = unname(sqrt(diag(fit$var))), log_likelihood = fit$loglik, score = fit$score)
  if (ties != "exact") {
    out$robust_std_error <- unname(sqrt(diag(call(robust = TRUE, cluster = quote(row))$var)))
    out$cluster_std_error <- unname(sqrt(diag(call(cluster = quote(cluster))$var)))
  }
  out
}

data <- list()
for (name in names(sets)) {
  d <- sets[[name]]
  i <- seq_len(nrow(d))
  d$row <- i
  d$weight <- 0.5 + (i * 7) %% 5 / 2
  own_entry <- !is.null(d$entry)
  if (!own_entry) d$entry <- floor(d$time * ((i * 3) %% 4) / 5)
  covariates <- setdiff(names(d), c("time", "entry", "event", "stratum", "cluster", "weight", "row"))
  cells <- list()
  for (ties in c("efron", "breslow", "exact")) for (weighted in c(FALSE, TRUE))
    for (stratified in c(FALSE, TRUE)) for (entered in c(FALSE, TRUE)) {
      if (ties == "exact" && weighted) next  # refused by R
      # R lists all subsets of the tied events when entry is given: not possible with many ties.
      if (ties == "exact" && entered && name == "bladder2") next
      cells[[length(cells) + 1]] <- cell(d, covariates, ties, weighted, stratified, entered)
    }
  data[[name]] <- list(columns = as.list(d[setdiff(names(d), "row")]), covariates = covariates, cells = cells)
}
out <- list(program = paste("R", getRversion()), version = paste("survival", packageVersion("survival")),
  call = "coxph(ties=, weights=, strata(), Surv(entry, time, event), cluster=), control eps 1e-13", data = data)
writeLines(toJSON(out, digits = 15, auto_unbox = TRUE, null = "null"), file.path(folder, "..", "cox_grid.json"))
