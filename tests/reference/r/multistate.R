# Multi-state occupancy and transition models: R's survival and etm. Builds TCGA-UCS histories itself from the
# curated tables, and a small cyclic process. Writes ../multistate.json.
suppressPackageStartupMessages({library(survival); library(etm); library(jsonlite)})
folder <- dirname(sub("--file=", "", grep("--file=", commandArgs(FALSE), value = TRUE)))
read <- function(name) { d <- read.csv(file.path(folder, "..", "..", "..", "data", "curated", paste0(name, ".csv"))); d[d$dataset == "tcga_ucs", ] }
control <- coxph.control(eps = 1e-13, toler.chol = 1e-14, iter.max = 50)

os <- subset(read("outcomes"), endpoint == "overall_survival")[, c("patient_id", "time", "event")]
columns <- read("patients")[, c("patient_id", "radiotherapy", "postoperative_drug_therapy")]
recurrence <- read("recurrences"); recurrence <- tapply(recurrence$event_day, recurrence$patient_id, min)
first <- function(records) tapply(records$start_day, records$patient_id, function(x) if (all(is.na(x))) NA else min(x, na.rm = TRUE))
radiation <- first(read("radiotherapy")); drug <- first(subset(read("drugs"), therapy_type != "ancillary"))
d <- merge(os, columns)
d$recurrence <- recurrence[d$patient_id]
start <- function(times, said) ifelse(d$patient_id %in% names(times), times[d$patient_id], ifelse(said == "no", Inf, NA))
d$rt <- start(radiation, d$radiotherapy); d$dr <- start(drug, d$postoperative_drug_therapy)
d <- d[d$time > 0, ]
# Stays
a <- data.frame(id = d$patient_id, from = "surgery", entry = 0, exit = ifelse(is.na(d$recurrence), d$time, d$recurrence),
  to = ifelse(!is.na(d$recurrence), "recurrence", ifelse(d$event == 1, "death", "none")), rt = d$rt, dr = d$dr)
b <- with(d[!is.na(d$recurrence), ], data.frame(id = patient_id, from = "recurrence", entry = recurrence, exit = time,
  to = ifelse(event == 1, "death", "none"), rt = rt, dr = dr))
stays <- rbind(a, b); stays <- stays[order(stays$id, stays$entry), ]
cut <- function(s, column) {  # split stays at a fact's time
  s$since <- if (is.null(s$since)) s$entry else s$since
  when <- s[[column]]; inside <- !is.na(when) & s$entry < when & when < s$exit
  early <- s[inside, ]; early$exit <- early[[column]]; early$to <- "none"
  late <- s[inside, ]; late$entry <- late[[column]]
  rbind(s[!inside, ], early, late)
}
pieces <- cut(cut(stays, "rt"), "dr")
pieces$radiotherapy <- as.numeric(pieces$rt <= pieces$entry); pieces$drug <- as.numeric(pieces$dr <= pieces$entry)
model <- function(source, target, clock) {
  s <- subset(pieces, from == source)
  origin <- if (clock == "reset") s$since else 0
  s$a <- s$entry - origin; s$b <- s$exit - origin; s$e <- as.numeric(s$to == target)
  fit <- coxph(Surv(a, b, e) ~ radiotherapy + drug, s, control = control)
  list(source = source, target = target, clock = clock, n_event = fit$nevent, n_rows = fit$n, estimate = unname(coef(fit)),
    std_error = unname(sqrt(diag(vcov(fit)))), log_likelihood = fit$loglik[2], rows = nrow(s))
}
weibull <- function(source, target) {
  s <- subset(stays, from == source); s$t <- s$exit - s$entry
  fit <- survreg(Surv(t, to == target) ~ 1, s, dist = "weibull", control = survreg.control(rel.tolerance = 1e-13))
  list(source = source, target = target, shape = 1 / fit$scale, scale = unname(exp(coef(fit))), log_likelihood = fit$loglik[1])
}
occupancy <- function(stays, states, weight = NULL) {
  stays$event <- factor(stays$to, c("none", states)); stays$state <- factor(stays$from, states)
  args <- list(formula = Surv(entry, exit, event) ~ 1, data = stays, id = stays$id, istate = stays$state, conf.type = "log-log")
  if (!is.null(weight)) args$weights <- weight
  fit <- do.call(survfit, args)
  at <- match(states, fit$states)
  list(states = states, time = fit$time, estimate = t(fit$pstate[, at]), std_error = t(fit$std.err[, at]),
    low = t(fit$lower[, at]), high = t(fit$upper[, at]))
}
aalen <- function(stays, states, possible) {
  e <- data.frame(id = stays$id, from = stays$from, to = ifelse(stays$to == "none", "cens", stays$to), entry = stays$entry, exit = stays$exit)
  fit <- etm(e, states, possible, "cens", s = 0)
  wanted <- paste(states[1], states)
  list(time = fit$time, estimate = t(fit$est[states[1], states, ]),
    variance = sapply(wanted, function(w) fit$cov[w, w, ]))
}
ill <- c("surgery", "recurrence", "death")
tra <- matrix(FALSE, 3, 3, dimnames = list(ill, ill)); tra[1, 2:3] <- TRUE; tra[2, 3] <- TRUE
set.seed(99)  # A cyclic process: well, ill, dead, with recovery; whole days, so ties
cycle <- do.call(rbind, lapply(1:50, function(i) {
  t <- 0; s <- "well"; end <- sample(5:40, 1); rows <- list()
  while (s != "dead") {
    step <- ceiling(rexp(1, if (s == "well") .12 else .25)); to <- sample(c(if (s == "well") "ill" else "well", "dead"), 1, prob = c(.7, .3))
    if (t + step >= end) { rows[[length(rows) + 1]] <- data.frame(id = i, from = s, entry = t, exit = end, to = "none"); break }
    rows[[length(rows) + 1]] <- data.frame(id = i, from = s, entry = t, exit = t + step, to = to); t <- t + step; s <- to
  }
  do.call(rbind, rows)
}))
well <- c("well", "ill", "dead")
around <- matrix(FALSE, 3, 3, dimnames = list(well, well)); around[1, 2:3] <- TRUE; around[2, c(1, 3)] <- TRUE
weight <- c(1, 2, .5, 1.25)[1 + cycle$id %% 4]
models <- do.call(c, lapply(c("reset", "forward"), function(k) list(model("surgery", "recurrence", k), model("surgery", "death", k), model("recurrence", "death", k))))
out <- list(program = R.version.string, survival = as.character(packageVersion("survival")), etm = as.character(packageVersion("etm")),
  call = "survfit(Surv(entry, exit, event), id, istate), etm(s = 0), coxph and survreg by transition",
  tcga = list(occupancy = occupancy(stays, ill), aalen = aalen(stays, ill, tra), cox = models,
    weibull = list(weibull("surgery", "recurrence"), weibull("surgery", "death"), weibull("recurrence", "death"))),
  cycle = list(rows = as.list(cycle), weight = weight, occupancy = occupancy(cycle, well), weighted = occupancy(cycle, well, weight),
    aalen = aalen(cycle, well, around)))
write(toJSON(out, digits = NA, auto_unbox = TRUE, na = "null"), file.path(folder, "..", "multistate.json"))
