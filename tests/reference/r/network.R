# Network meta-analysis as a multivariate mixed model in metafor: two shipped data sets with multi-arm studies.
suppressMessages({library(metafor); library(jsonlite)})

pairs_of <- function(arms) {
  rows <- list()
  for (s in unique(arms$study)) {
    a <- arms[arms$study == s, ]; a <- a[order(a$trt), ]
    for (i in seq_len(nrow(a) - 1)) for (j in (i + 1):nrow(a)) {
      rows[[length(rows) + 1]] <- data.frame(study = as.character(s), comparator = a$trt[i], treatment = a$trt[j],
        estimate = a$y[j] - a$y[i], std_error = sqrt(a$v[j] + a$v[i]))
    }
  }
  do.call(rbind, rows)
}

model <- function(arms, tr, method) {
  d <- NULL; blocks <- list()
  for (s in unique(arms$study)) {
    a <- arms[arms$study == s, ]; a <- a[order(a$trt), ]
    b <- a[-1, ]
    d <- rbind(d, data.frame(study = as.character(s), arm = b$trt, base = a$trt[1], y = b$y - a$y[1]))
    blocks[[length(blocks) + 1]] <- diag(b$v, nrow(b)) + a$v[1]
  }
  x <- sapply(tr[-1], function(t) (d$arm == t) - (d$base == t))
  V <- metafor::bldiag(blocks)
  if (method == "fixed") m <- rma.mv(d$y, V, mods = ~ 0 + x)
  else m <- rma.mv(d$y, V, mods = ~ 0 + x, random = ~ arm | study, struct = "CS", rho = 0.5, data = d,
                   method = "REML", control = list(reltol = 1e-14))
  list(estimate = c(m$b), std_error = m$se, tau2 = if (method == "fixed") 0 else m$tau2, q = m$QE)
}

h <- dat.hasselblad1998
h <- h[h$xi > 0, ]
h <- data.frame(study = h$study, trt = h$trt, y = log(h$xi / (h$ni - h$xi)), v = 1 / h$xi + 1 / (h$ni - h$xi))
h <- h[h$study %in% names(which(table(h$study) > 1)), ]
p <- dat.pagliaro1992
p <- p[p$xi > 0, ]
p <- data.frame(study = p$study, trt = as.character(p$trt), y = log(p$xi / (p$ni - p$xi)), v = 1 / p$xi + 1 / (p$ni - p$xi))
p <- p[p$study %in% names(which(table(p$study) > 1)), ]

cases <- lapply(list(hasselblad1998 = h, pagliaro1992 = p), function(arms) {
  tr <- sort(unique(arms$trt))
  c(as.list(pairs_of(arms)), list(treatments = tr, random = model(arms, tr, "random"), fixed = model(arms, tr, "fixed")))
})
out <- list(program = paste("R", getRversion(), "metafor", packageVersion("metafor")),
            call = "rma.mv(y, V, mods = ~ 0 + x, random = ~ arm | study, struct = 'CS', rho = 0.5, method = 'REML'); log odds, arms without events left out",
            cases = cases)
writeLines(toJSON(out, digits = NA, auto_unbox = TRUE, dataframe = "columns"), "tests/reference/network.json")
