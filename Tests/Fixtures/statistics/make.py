"""Records what scipy, statsmodels and numpy say of random data, for StatisticsReferenceTests.

    python -m venv venv && venv/bin/pip install scipy==1.17.1 statsmodels==0.15.0 numpy==2.4.6
    venv/bin/python make.py > references.json

The program's own random stream is another, so bootstrap intervals agree within their simulation
error only; 200,000 draws stand here against the program's 10,000.
"""

import json

import numpy as np
import scipy
import scipy.stats as st
import statsmodels
import statsmodels.api as sm
from scipy.special import comb
from statsmodels.stats.contingency_tables import mcnemar

DRAWS = 200_000
rng = np.random.default_rng(20261121)


def scores(seeds, problems, samples, shift):
    """Right answers of `samples`, by seed and problem: both problems and seeds differ."""
    difficulty = rng.normal(0, 1.3, problems)
    arms = []
    for gain in (0, shift):
        logits = difficulty + gain + rng.normal(0, 0.3, (seeds, 1))
        arms.append(rng.binomial(samples, 1 / (1 + np.exp(-logits)), (seeds, problems)))
    return arms


def clustered(counts, samples):
    """Cluster-robust error of the mean, over all samples of all seeds, clusters are problems."""
    seeds, problems = counts.shape
    values, groups = [], []
    for seed in range(seeds):
        for problem in range(problems):
            right = counts[seed, problem]
            values += [1.0] * right + [0.0] * (samples - right)
            groups += [problem] * samples
    fit = sm.OLS(values, np.ones(len(values))).fit(
        cov_type="cluster", cov_kwds={"groups": np.array(groups)}
    )
    return float(fit.bse[0])


def bootstrap(first, second):
    """Seeds (one fewer than there are), then the same problems under each; difference and ratio."""
    seeds, problems = first.shape
    drawn = max(1, seeds - 1)
    differences, ratios = [], []
    for _ in range(DRAWS // 1000):
        rows = rng.integers(0, seeds, (1000, drawn))
        columns = rng.integers(0, problems, (1000, problems))
        a = first[rows[:, :, None], columns[:, None, :]].mean((1, 2))
        b = second[rows[:, :, None], columns[:, None, :]].mean((1, 2))
        differences.append(b - a)
        ratios.append(b / a - 1)
    bounds = [2.5, 97.5]
    return (
        np.percentile(np.concatenate(differences), bounds).tolist(),
        np.percentile(np.concatenate(ratios), bounds).tolist(),
    )


def arm_cases():
    for seeds, problems, samples, shift in [(1, 60, 4, 0.6), (2, 50, 4, 0.8), (4, 40, 2, 0.5)]:
        first, second = scores(seeds, problems, samples, shift)
        a, b = first / samples, second / samples
        interval, ratio = bootstrap(a, b)
        case = {
            "samples": samples,
            "first": first.tolist(),
            "second": second.tolist(),
            "difference": float((b - a).mean()),
            "ratio": float(b.mean() / a.mean() - 1),
            "interval": interval,
            "ratio_interval": ratio,
            "clustered_error": clustered(second, samples),
        }
        if seeds == 1:
            found = st.bootstrap(
                (b[0] - a[0],), np.mean, n_resamples=DRAWS, method="percentile", rng=rng,
                batch=1000,
            ).confidence_interval
            case["scipy_interval"] = [float(found.low), float(found.high)]
        yield case


def mcnemar_cases():
    for only_first, only_second in [(0, 0), (1, 0), (5, 5), (3, 12), (40, 61), (700, 810)] + [
        tuple(int(n) for n in rng.integers(0, 30, 2)) for _ in range(12)
    ]:
        table = [[50, only_first], [only_second, 50]]
        p = float(mcnemar(table, exact=True).pvalue)
        yield {"first": only_first, "second": only_second, "p": p}


def pass_cases():
    for samples, right, k in [(4, 1, 2), (10, 3, 5), (64, 2, 32), (200, 7, 100), (100, 0, 8)]:
        yield {
            "samples": samples, "right": right, "k": k,
            "value": float(1 - comb(samples - right, k, exact=True) / comb(samples, k, exact=True)),
        }


def welch_cases():
    """Our seeds against published passes of the same problems: Welch's interval."""
    for ours, theirs in [(2, 4), (3, 4), (5, 4), (12, 30)]:
        a, b = rng.normal(52, 2, ours), rng.normal(50, 1.5, theirs)
        found = st.ttest_ind(a, b, equal_var=False).confidence_interval(0.95)
        yield {
            "ours": a.tolist(), "published_mean": float(b.mean()),
            "published_deviation": float(b.std(ddof=1)), "passes": theirs,
            "interval": [float(found.low), float(found.high)],
        }


freedoms = [1, 1.3, 1.9, 2, 2.5, 3, 4.7, 10, 63, 499, 5000, 20000]
print(
    json.dumps(
        {
            "versions": {
                "numpy": np.__version__, "scipy": scipy.__version__,
                "statsmodels": statsmodels.__version__,
            },
            "student": [{"freedom": f, "value": float(st.t.ppf(0.975, f))} for f in freedoms],
            "mcnemar": list(mcnemar_cases()),
            "pass": list(pass_cases()),
            "arms": list(arm_cases()),
            "welch": list(welch_cases()),
        }
    )
)
