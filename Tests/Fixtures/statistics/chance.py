"""Records what scipy and statsmodels say of rates against chance, for ChanceTestTests.

    python -m venv venv && venv/bin/pip install scipy==1.17.1 statsmodels==0.15.0 numpy==2.4.6
    venv/bin/python chance.py > chance.json

Prints the share of 20,000 blind guessers that the same test calls better than chance at 5 %, too, in
files of its own: `venv/bin/python chance.py --rejections`.
"""

import json
import sys

import numpy as np
import statsmodels.api as sm
from scipy.stats import beta

rng = np.random.default_rng(20261126)


def p_value(right, count, chance):
    """Mid-p of the binomial with the effective sample size of problems as clusters."""
    values = np.concatenate([[1.0] * r + [0.0] * (n - r) for r, n in zip(right, count)])
    groups = np.repeat(np.arange(len(count)), count)
    size, rate = len(values), values.mean()
    most = (count**2).sum() / size
    effect = most
    clusters = (count > 0).sum()
    if clusters > 1 and 0 < rate < 1:
        fit = sm.OLS(values, np.ones(size)).fit(
            cov_type="cluster", cov_kwds={"groups": groups, "use_correction": False}
        )
        variance = fit.bse[0] ** 2 * clusters / (clusters - 1)
        effect = min(max(variance * size / (rate * (1 - rate)), 1), most)
    n = size / effect
    x = rate * n

    def tail(k):
        if k <= 0:
            return 1.0
        return 0.0 if k > n + 1 - 1e-9 else beta.cdf(chance, k, n - k + 1)

    return (tail(x) + tail(x + 1)) / 2


def draw(problems, samples, rate, alike):
    """Right answers: each problem has a rate of its own, the closer to 0 or 1 the more alike."""
    count = rng.binomial(samples, rng.choice([0.2, 0.6, 1.0]), problems)
    spread = (1 - alike) / alike
    rates = rng.beta(rate * spread, (1 - rate) * spread, problems)
    return rng.binomial(count, rates), count


if "--rejections" in sys.argv:
    for problems in (8, 12, 40, 200):
        for samples in (1, 4, 8):
            for alike in (0.001, 0.2, 0.6, 0.95):
                for chance in (0.1, 0.25):
                    hits = drawn = 0
                    while drawn < 2000:
                        right, count = draw(problems, samples, chance, alike)
                        drawn += 1
                        hits += count.sum() > 0 and p_value(right, count, chance) <= 0.05
                    print(problems, samples, alike, chance, hits / drawn, sep="\t")
    sys.exit()

cases = []
for problems, samples, rate, alike, chance in [
    (12, 1, 0.3, 0.3, 0.25), (12, 4, 0.4, 0.3, 0.25), (40, 4, 0.3, 0.6, 0.25),
    (40, 8, 0.15, 0.2, 0.1), (200, 4, 0.27, 0.4, 0.25), (8, 4, 0.02, 0.2, 0.25),
    (300, 8, 0.3, 0.5, 0.103), (2, 4, 0.5, 0.5, 0.25), (20, 16, 0.9, 0.9, 0.5),
]:
    right, count = draw(problems, samples, rate, alike)
    if count.sum() == 0:
        continue
    cases.append(
        {"right": right.tolist(), "count": count.tolist(), "chance": chance,
         "p": float(p_value(right, count, chance))}
    )
for right, count, chance in [([4, 2, 3], [4, 2, 3], 0.25), ([0, 0], [4, 4], 0.25), ([3], [4], 0.5)]:
    cases.append(
        {"right": right, "count": count, "chance": chance,
         "p": float(p_value(np.array(right), np.array(count), chance))}
    )
print(json.dumps(cases))
