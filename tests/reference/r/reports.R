# The numbers of the reports 01_evidence_base and 02_survival_models, from the curated tables, in R.
suppressMessages({library(survival); library(metafor); library(jsonlite)})
read <- function(name) read.csv(file.path("data/curated", paste0(name, ".csv")), na.strings = "", encoding = "UTF-8")

# 01: ifosfamide doublets against their randomised controls. One trial prints a one-sided 95% limit.
rows <- c("homesley_2007_gog0161_e07", "wolfson_2007_gog0150_e04", "sutton_2000_gog0108_e09")
e <- read("estimates")
e <- e[match(rows, e$estimate_id), ]
yi <- log(e$value)
sei <- ifelse(is.na(e$conf_low), (log(e$conf_high) - log(e$value)) / qnorm(0.95),
              (log(e$conf_high) - log(e$conf_low)) / (2 * qnorm(0.975)))
tight <- list(tol = 1e-14, threshold = 1e-14, maxiter = 10000)
m <- rma(yi, sei = sei, method = "REML", test = "adhoc", control = tight)
p <- predict(m)
n <- rma(yi, sei = sei, method = "REML", test = "z", control = tight)
two <- c(1, 3)
f <- rma(yi[two], sei = sei[two], method = "EE")
ci <- suppressMessages(confint(m, control = list(tol = 1e-14, maxiter = 10000)))$random["tau^2", ]
doublet <- list(
  log_hazard_ratio = c(m$b), std_error = m$se, p_value = m$pval, q = m$QE, tau2 = m$tau2,
  hazard_ratio = exp(c(m$b, m$ci.lb, m$ci.ub)), new_study = exp(c(m$b, p$pi.lb, p$pi.ub)),
  normal = exp(c(n$b, n$ci.lb, n$ci.ub)), v_ifosfamide = exp(c(f$b, f$ci.lb, f$ci.ub)), tau2_high = ci[["ci.ub"]]
)

# 02: TCGA-UCS.
patients <- subset(read("patients"), dataset == "tcga_ucs")
outcomes <- subset(read("outcomes"), dataset == "tcga_ucs")
endpoint <- function(name) {
  d <- merge(subset(outcomes, endpoint == name)[c("patient_id", "time", "event")], patients, by = "patient_id")
  d$months <- d$time / 30.4375
  d
}
curve <- function(fit, times) {
  q <- quantile(fit, 0.5)
  at <- summary(fit, times = times)
  list(median = c(q$quantile, q$lower, q$upper), at = lapply(seq_along(times), function(i)
    c(at$surv[i], at$lower[i], at$upper[i])))
}
km <- function(d, times) curve(survfit(Surv(months, event) ~ 1, d, conf.type = "log-log"), times)
os <- endpoint("overall_survival")
by_group <- function(column) {
  groups <- sort(unique(os[[column]]))
  test <- survdiff(Surv(os$months, os$event) ~ os[[column]])
  list(curves = setNames(lapply(groups, function(g) km(os[os[[column]] == g, ], 24)), groups),
       chi2 = test$chisq, p_value = pchisq(test$chisq, length(groups) - 1, lower.tail = FALSE))
}
tight_cox <- coxph.control(eps = 1e-12, toler.chol = 1e-13, iter.max = 50)
os$stage_order <- as.numeric(factor(os$figo_stage_group))
ordered <- summary(coxph(Surv(months, event) ~ stage_order, os, control = tight_cox))
# the score of the trend is that of survdiff: expected deaths of each stage, its covariance
difference <- survdiff(Surv(months, event) ~ figo_stage_group, os)
score <- seq_along(difference$obs)
trend <- sum(score * (difference$obs - difference$exp))^2 / c(score %*% difference$var %*% score)
dss <- endpoint("disease_specific_survival")[c("patient_id", "event")]
deaths <- merge(os, setNames(dss, c("patient_id", "of_tumour")), by = "patient_id")
deaths$cause <- factor(ifelse(deaths$of_tumour == 1, 2, ifelse(deaths$event == 1, 1, 0)), 0:2, c("none", "other", "tumour"))
incidence <- summary(survfit(Surv(months, cause) ~ 1, deaths), times = c(12, 24, 60))$pstate[, 2:3]
extrapolated <- function(law) {
  fit <- survreg(Surv(months, event) ~ 1, subset(os, months > 0), dist = law)
  p <- function(t) 1 - psurvreg(t, fit$coefficients, fit$scale, law)
  c(p(60), p(120), p(180))
}
laws <- c(exponential = "exponential", weibull = "weibull", lognormal = "lognormal", loglogistic = "loglogistic")
reverse <- quantile(survfit(Surv(months, 1 - event) ~ 1, os, conf.type = "log-log"), 0.5)
os$age_decades <- os$age_years / 10
os$advanced <- as.numeric(os$figo_stage_group %in% c("III", "IV"))
os$heterologous <- as.numeric(os$histologic_subtype_marker_paper == "heterologous")
cox <- coxph(Surv(months, event) ~ age_decades + advanced + heterologous, os,
             control = coxph.control(eps = 1e-12, toler.chol = 1e-13, iter.max = 50))
s <- summary(cox)
zph <- cox.zph(cox)$table
survival_models <- list(
  os = km(os, c(11, 12, 24, 60)), pfi = km(endpoint("progression_free_interval"), 12),
  pfs = km(endpoint("progression_free_survival"), 12),
  stage = by_group("figo_stage_group"), histology = by_group("histologic_subtype_marker_paper"),
  trend = list(chi2 = trend, p_value = pchisq(trend, 1, lower.tail = FALSE),
               hazard_ratio = ordered$conf.int[1, c(1, 3, 4)], wald = ordered$coefficients[1, 5]),
  causes = list(other = incidence[, 1], tumour = incidence[, 2], deaths = as.list(table(deaths$cause))),
  families = lapply(laws, extrapolated),
  drug_flag = lapply(c(yes = "yes", no = "no"), function(g) km(subset(os, postoperative_drug_therapy == g), 12)),
  follow_up = c(reverse$quantile, reverse$lower, reverse$upper),
  cox = lapply(setNames(nm = rownames(s$conf.int)), function(t) c(s$conf.int[t, c(1, 3, 4)], s$coefficients[t, 5])),
  proportional_hazards = setNames(as.list(zph[, "p"]), rownames(zph))
)
out <- list(
  program = sprintf("R %s survival %s metafor %s", getRversion(), packageVersion("survival"), packageVersion("metafor")),
  call = "rma(test='adhoc'), predict; survfit(conf.type='log-log'), quantile, survdiff, coxph, cox.zph",
  doublet = doublet, survival_models = survival_models
)
writeLines(toJSON(out, digits = 15, auto_unbox = TRUE, pretty = 1, na = "null"), "tests/reference/reports.json")
