# Log-rank tests by R survival; delayed entry through the score test of the exact partial likelihood.
# Data are those pinned in kaplan_meier.json. Run from the root: Rscript tests/reference/r/logrank.R
library(survival)
library(jsonlite)
pinned <- fromJSON("tests/reference/kaplan_meier.json")$data

one <- function(name, rho, strata, delayed) {
  d <- as.data.frame(pinned[[name]])
  if (delayed) {
    # The score test of the exact partial likelihood is the log-rank test with hypergeometric variance.
    f <- coxph(Surv(entry, time, event) ~ group, d, ties = "exact", iter.max = 0)
    return(list(data = name, rho = 0, strata = FALSE, delayed = TRUE, chi2 = unname(f$score),
                df = length(coef(f)), observed = NULL, expected = NULL,
                call = "coxph(Surv(entry, time, event) ~ group, ties = 'exact')$score"))
  }
  f <- if (strata) survdiff(Surv(time, event) ~ group + strata(cluster), d, rho = rho)
       else survdiff(Surv(time, event) ~ group, d, rho = rho)
  rows <- function(x) if (is.matrix(x)) rowSums(x) else as.numeric(x)
  list(data = name, rho = rho, strata = strata, delayed = FALSE, chi2 = f$chisq,
       df = length(f$n) - 1, observed = unname(rows(f$obs)), expected = unname(rows(f$exp)),
       call = sprintf("survdiff(Surv(time, event) ~ group%s, rho = %g)", if (strata) " + strata(cluster)" else "", rho))
}
cells <- expand.grid(name = names(pinned), rho = c(0, 0.5, 1), strata = c(FALSE, TRUE), stringsAsFactors = FALSE)
cells <- cells[cells$name != "heart", ]
cases <- lapply(seq_len(nrow(cells)), function(k) one(cells$name[k], cells$rho[k], cells$strata[k], FALSE))
# The exact likelihood is slow with many ties: data sets with few.
cases <- c(cases, lapply(c("ovarian", "aml", "heart", "pbc"), function(name) one(name, 0, FALSE, TRUE)))
# Trend: score test of a Cox model with the group number as covariate (exact likelihood).
trend <- lapply(c("veteran", "ovarian"), function(name) {
  d <- as.data.frame(pinned[[name]])
  d$score <- as.numeric(factor(d$group)) - 1
  list(data = name, chi2 = unname(coxph(Surv(time, event) ~ score, d, ties = "exact", iter.max = 0)$score))
})
out <- list(program = "R survival", version = as.character(packageVersion("survival")), r = R.version.string,
            call = "survdiff(...); coxph(..., ties = 'exact')$score", cases = cases, trend = trend)
write_json(out, "tests/reference/logrank.json", auto_unbox = TRUE, digits = NA, na = "null", null = "null")
