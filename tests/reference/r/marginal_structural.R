# Marginal structural Cox models: glm() for both probabilities, cumprod(), coxph() with weights and cluster. Writes ../marginal_structural.json.
suppressPackageStartupMessages({library(survival); library(jsonlite)})
folder <- dirname(sub("--file=", "", grep("--file=", commandArgs(FALSE), value = TRUE)))
set.seed(20)
rows <- do.call(rbind, lapply(1:150, function(i) { # a marker that treatment lifts and that brings treatment about
  age <- round(rnorm(1, 60, 8)); marker <- rnorm(1); drug <- 0; out <- NULL
  for (t in 0:7) {
    drug <- rbinom(1, 1, plogis(-1 - 0.8 * marker + 1.5 * drug)); gap <- rexp(1, 0.12 * exp(-0.5 * marker - 0.3 * drug))
    stop <- round(min(1, gap) * 100 + 0.5) / 100 + t
    out <- rbind(out, data.frame(id = i, start = t, stop = stop, event = as.integer(gap < 1), drug = drug, marker = round(marker, 3), age = age))
    if (gap < 1) break
    marker <- 0.7 * marker + 0.5 * drug - 0.1 + rnorm(1, 0, 0.5) }
  out }))
rows$stop <- ifelse(rows$event == 0, rows$start + 1, pmin(rows$stop, rows$start + 0.99))
rows$before <- unlist(tapply(rows$drug, rows$id, function(x) c(0, head(x, -1))))
rows$once <- unlist(tapply(rows$drug, rows$id, cummax)); rows$once_before <- unlist(tapply(rows$once, rows$id, function(x) c(0, head(x, -1))))
one <- function(treated, before, num, den, cox, once) {
  d <- rows; d$a <- d[[treated]]; d$treated_before <- d[[before]]; free <- if (once) d$treated_before == 0 else rep(TRUE, nrow(d))
  chance <- function(f) { p <- rep(1, nrow(d)); g <- glm(as.formula(f), binomial, d[free, ], control = glm.control(epsilon = 1e-14)); p[free] <- fitted(g); ifelse(d$a == 1, p, 1 - p) }
  ratio <- ifelse(free, chance(num) / chance(den), 1)
  d$w <- ave(ratio, d$id, FUN = cumprod)
  fit <- coxph(as.formula(cox), d, weights = w, cluster = id, control = coxph.control(eps = 1e-12, toler.chol = 1e-13))
  list(once = once, weight = d$w, estimate = unname(coef(fit)), std_error = unname(sqrt(diag(fit$var))))
}
cells <- list(
  one("drug", "before", "a ~ treated_before", "a ~ treated_before + marker", "Surv(start, stop, event) ~ a", FALSE),
  one("drug", "before", "a ~ treated_before + age + start", "a ~ treated_before + marker + age + start", "Surv(start, stop, event) ~ a + age", FALSE),
  one("once", "once_before", "a ~ age", "a ~ marker + age", "Surv(start, stop, event) ~ a + age", TRUE))
cells[[1]] <- c(cells[[1]], list(denominator = "marker")); cells[[2]] <- c(cells[[2]], list(numerator = "age + row_start", denominator = "marker + age + row_start", formula = "age"))
cells[[3]] <- c(cells[[3]], list(numerator = "age", denominator = "marker + age", formula = "age"))
out <- list(program = paste("R", getRversion()), version = paste("survival", packageVersion("survival")), call = "glm, cumprod, coxph(weights, cluster = id)",
  rows = as.list(rows[, c("id", "start", "stop", "event", "drug", "once", "marker", "age")]), cells = cells)
writeLines(toJSON(out, digits = 12, auto_unbox = TRUE), file.path(folder, "..", "marginal_structural.json"))
