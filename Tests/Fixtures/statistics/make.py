"""Records what scipy, statsmodels and numpy say of random data, for StatisticsReferenceTests.

    python -m venv venv && venv/bin/pip install scipy==1.17.1 statsmodels==0.15.0 numpy==2.4.6
    venv/bin/python make.py > references.json
"""

import json

import numpy as np
import scipy
import scipy.stats as st
import statsmodels
import statsmodels.api as sm
from scipy.optimize import brentq
from scipy.special import comb
from statsmodels.stats.contingency_tables import mcnemar

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


def mid_p(x, n, p):
    """The chance of more than x of n, and half of that of x itself; x and n need not be whole."""
    at_least = st.beta.cdf(p, x, n - x + 1) if x > 0 else 1.0
    more = st.beta.cdf(p, x + 1, n - x) if x < n else 0.0
    return (at_least + more) / 2


def rate(shares, answers, tail):
    """A rate over problems: effective number of answers and mid-P bounds."""
    shares = np.asarray(shares)
    problems, m = len(shares), shares.mean()
    most = m * (1 - m)
    differing = min((shares > 0).sum(), (shares < 1).sum())
    n = float(problems)
    if most > 0:
        variance = (differing * shares.var() + most) / (differing + 1)
        n = float(np.clip(most * problems / variance, problems, problems * answers))
    low = 0.0 if m <= 0 else brentq(lambda p: mid_p(m * n, n, p) - tail, 1e-12, m, xtol=1e-14)
    high = (
        1.0 if m >= 1
        else brentq(lambda p: 1 - mid_p(m * n, n, p) - tail, max(m, 1e-12), 1 - 1e-12, xtol=1e-14)
    )
    return n, m, low, high


def difference(values, answers, tail):
    """How far the bounds of a mean difference lie below and above it, for one run."""
    (n, p, p_low, p_high), (o, q, q_low, q_high) = (
        rate(np.maximum(sign * values, 0), answers, tail) for sign in (1, -1)
    )
    spread = np.sqrt(p * (1 - p) / n * q * (1 - q) / o) * len(values)
    r = max(-1, -p * q / spread) if spread > 0 else 0
    root = lambda x, y: np.sqrt(x * x + y * y - 2 * r * x * y)
    return root(p - p_low, q_high - q), root(p_high - p, q - q_low)


def interval(values, samples, tail=0.025):
    """The interval of a mean difference, values by seed and problem."""
    seeds, problems = values.shape
    means, mean = values.mean(0), values.mean()
    own = difference(means, samples * seeds, tail)
    if seeds == 1:
        return mean - own[0], mean + own[1]
    frame = {
        "y": values.ravel(), "seed": np.repeat(np.arange(seeds), problems),
        "problem": np.tile(np.arange(problems), seeds),
    }
    fit = sm.OLS.from_formula("y ~ C(seed) + C(problem)", frame).fit()
    noise = fit.mse_resid / values.size
    runs = (values.mean(1).var(ddof=1) + (problems * samples) ** -2 / 12) / seeds
    between = means.var(ddof=1) / problems
    differing = (means != 0).sum()
    share = (differing * max(0, between - noise) / between + 1) / (differing + 1)
    reach = []
    for distance in own:
        square = share * distance**2
        part = square / st.norm.isf(tail) ** 2
        total = runs + part
        freedom = total**2 / (runs**2 / (seeds - 1) + part**2 / (problems - 1))
        welch = st.t.isf(tail, freedom) * np.sqrt(total)
        reach.append((welch + np.sqrt(square + st.t.isf(tail, seeds - 1) ** 2 * runs)) / 2)
    return mean - reach[0], mean + reach[1]


def rate_cases():
    for right, answers in [
        ([0] * 12, 1), ([0] * 12, 4), ([1] * 5, 1), ([1] + [0] * 27, 1), ([1, 0, 1, 1, 0, 0, 1], 1),
        (rng.binomial(4, 0.3, 40).tolist(), 4), (rng.binomial(4, rng.beta(1, 3, 64)).tolist(), 4),
        (rng.binomial(16, rng.beta(0.2, 3, 28)).tolist(), 16),
    ]:
        n, _, low, high = rate(np.array(right) / answers, answers, 0.025)
        yield {"right": right, "answers": answers, "effective_count": n, "bounds": [low, high]}


def arm_cases():
    for seeds, problems, samples, shift in [(1, 60, 4, 0.6), (2, 50, 4, 0.8), (4, 40, 2, 0.5)]:
        first, second = scores(seeds, problems, samples, shift)
        a, b = first / samples, second / samples
        yield {
            "samples": samples,
            "first": first.tolist(),
            "second": second.tolist(),
            "difference": float((b - a).mean()),
            "ratio": float(b.mean() / a.mean() - 1),
            "interval": [float(bound) for bound in interval(b - a, samples)],
            "clustered_error": clustered(second, samples),
        }


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
    """Our seeds against published passes of the same problems: halfway between Welch's interval and
    the root of both squared ones."""
    for ours, theirs in [(2, 4), (3, 4), (5, 4), (12, 30)]:
        a, b = rng.normal(52, 2, ours), rng.normal(50, 1.5, theirs)
        found = st.ttest_ind(a, b, equal_var=False).confidence_interval(0.95)
        difference = a.mean() - b.mean()
        root = np.hypot(*(st.t.isf(0.025, len(x) - 1) * st.sem(x) for x in (a, b)))
        half = (found.high - difference + root) / 2
        yield {
            "ours": a.tolist(), "published_mean": float(b.mean()),
            "published_deviation": float(b.std(ddof=1)), "passes": theirs,
            "interval": [float(difference - half), float(difference + half)],
        }


tails = [0.025, 0.05, 0.2, 1e-6]
freedoms = [1, 1.3, 1.9, 2, 2.5, 3, 4.7, 10, 63, 499, 5000, 20000]
print(
    json.dumps(
        {
            "versions": {
                "numpy": np.__version__, "scipy": scipy.__version__,
                "statsmodels": statsmodels.__version__,
            },
            "student": [
                {"freedom": f, "tail": tail, "value": float(st.t.isf(tail, f))}
                for f in freedoms for tail in tails
            ],
            "rates": list(rate_cases()),
            "mcnemar": list(mcnemar_cases()),
            "pass": list(pass_cases()),
            "arms": list(arm_cases()),
            "welch": list(welch_cases()),
        }
    )
)
