# SPDX-License-Identifier: Apache-2.0
"""The side of the benchmarks that needs nothing but Python: it starts the others and compares."""
