"""Pooling the results of studies: arrays in, small frozen results out.

This room knows no medicine and opens no file. It can be used alone::

    from saisei import synthesis as syn

    effects = syn.effect("OR", events1=[4, 6], n1=[123, 306], events2=[11, 29], n2=[139, 303])
    syn.pool(effects.y, effects.v)
    syn.bayes_pool(effects.y, effects.v ** 0.5, tau_prior=syn.HalfNormal(0.5))

Vocabulary
----------
``y`` is a study's estimate, ``v`` its sampling variance, ``se`` the square root of that, ``k``
the number of studies; ``tau2`` is the variance of true effects between studies and ``tau`` its
square root; ``mu`` is the mean of true effects; *predictive* means the true effect of one new
setting.

Conventions
-----------
- Direction: arm 1 is the treatment, arm 2 the control, and an effect is treatment minus control.
- Ratios (OR, RR, ROM) stand as natural logarithms throughout; only a caller takes them back.
- Defaults are those of the Cochrane Handbook since 2025: REML, Knapp-Hartung, Q-profile,
  prediction interval, I2 from tau2. ``i2`` is in per cent, ``weights`` sum to 1.
- ``test="knha"`` is plain; the safeguarded form has its own name.
- Bayesian intervals are central (equal tails). A moment that does not exist is ``math.inf``.
- Each result carries the methods and formulae used, how the iteration ended, and what was left
  out and why. A mistake in the input is a ``ValueError`` that names the place and the value.
"""

from saisei.synthesis.batches.pools import PoolBatch, pool_batch
from saisei.synthesis.batches.single_studies import (
    Blups,
    Influence,
    blups,
    cumulative,
    influence,
    leave_one_out,
)
from saisei.synthesis.batches.specification import SpecificationCurve, specification_curve
from saisei.synthesis.bayes.averages import AveragedTau, BayesAverage, bayes_average
from saisei.synthesis.bayes.factors import BayesFactors, bayes_factors
from saisei.synthesis.bayes.further_priors import (
    Exponential,
    HalfLogistic,
    InverseGammaTau2,
    Jeffreys,
    Lomax,
    Power,
    UniformShrinkage,
)
from saisei.synthesis.bayes.marginals import Marginal, Mixture, Shrinkage, TauMarginal
from saisei.synthesis.bayes.network import BayesNetwork, BayesPairs, bayes_network
from saisei.synthesis.bayes.network_ranks import BayesRanking
from saisei.synthesis.bayes.node_splits import BayesNodeSplit, BayesNodeSplits, bayes_node_splits
from saisei.synthesis.bayes.pooling import BayesResult, bayes_pool
from saisei.synthesis.bayes.predictive_prior import PredictivePrior, predictive_prior
from saisei.synthesis.bayes.priors import (
    HalfCauchy,
    HalfNormal,
    HalfT,
    LogNormal,
    LogT,
    Normal,
    TauPrior,
    Uniform,
)
from saisei.synthesis.bayes.regression import BayesPrediction, BayesRegression, bayes_regress
from saisei.synthesis.dose.contrasts import DoseStudy, dose_means, dose_ratios
from saisei.synthesis.dose.emax import EmaxResponse, emax_response
from saisei.synthesis.dose.response import DosePrediction, DoseResponse, dose_response
from saisei.synthesis.dose.shapes import DoseShape
from saisei.synthesis.effects.conversions import (
    SMD_TO_LOG_OR,
    MeanSD,
    combine_arms,
    mean_sd_from_five_numbers,
    mean_sd_from_median_iqr,
    mean_sd_from_median_range,
    sd_from_se,
    se_from_ci,
    smd_to_log_or,
)
from saisei.synthesis.effects.measures import effect
from saisei.synthesis.effects.proportions import (
    ProportionInterval,
    binomial_interval,
    difference_interval,
)
from saisei.synthesis.effects.quantiles import mean_sd_from_quantiles
from saisei.synthesis.effects.standard_errors import (
    change_correlation,
    change_sd,
    effect_from_ci,
    sd_from_ci,
    sd_from_difference,
    se_from_p,
)
from saisei.synthesis.effects.studies import Effect, LeftOut
from saisei.synthesis.networks.components import (
    ComponentsModel,
    ComponentsResult,
    network_components,
)
from saisei.synthesis.networks.contributions import Contributions, network_contributions
from saisei.synthesis.networks.counts import NetworkCountsResult, network_counts
from saisei.synthesis.networks.estimates import NetworkResult, network
from saisei.synthesis.networks.funnel import NetworkFunnel, network_funnel
from saisei.synthesis.networks.heat import NetHeat, net_heat
from saisei.synthesis.networks.inconsistency import (
    InconsistencyResult,
    NodeSplits,
    QTest,
    network_inconsistency,
    node_splits,
)
from saisei.synthesis.networks.moderators import NetworkRegressionResult, network_regress
from saisei.synthesis.networks.pairs import NetworkModel, NetworkPrediction
from saisei.synthesis.networks.ranking import RankingResult, network_ranking
from saisei.synthesis.ordinal.by_cut import CutsPool, pool_by_cut
from saisei.synthesis.ordinal.network import network_ordinal
from saisei.synthesis.ordinal.network_result import OrdinalNetwork
from saisei.synthesis.ordinal.one_stage import OrdinalPool, pool_ordinal
from saisei.synthesis.ordinal.profiles import OrdinalProfile, profile_ordinal
from saisei.synthesis.ordinal.proportionality import (
    Proportionality,
    UtilityWeighted,
    proportional_odds_test,
    utility_weighted_mean,
)
from saisei.synthesis.ordinal.shift import (
    CommonOddsRatio,
    CommonProbitShift,
    common_odds_ratio,
    common_probit_shift,
)
from saisei.synthesis.ordinal.two_stage import TwoStageOrdinal, pool_ordinal_two_stage
from saisei.synthesis.ordinal.wins import WinOdds, win_odds
from saisei.synthesis.pairwise.confidence_prediction import (
    ConfidencePrediction,
    confidence_prediction,
)
from saisei.synthesis.pairwise.glmm import BinomialResult, pool_counts
from saisei.synthesis.pairwise.heterogeneity import q_profile
from saisei.synthesis.pairwise.intervals import ProfileIntervals, generalised_q, profile_likelihood
from saisei.synthesis.pairwise.overdispersed import BetaBinomialResult, pool_beta_binomial
from saisei.synthesis.pairwise.pooling import PoolResult, pool
from saisei.synthesis.pairwise.stratified import StratifiedResult, mantel_haenszel, peto
from saisei.synthesis.regression.bivariate import BivariateResult, bivariate
from saisei.synthesis.regression.counts import CountsRegression, regress_counts
from saisei.synthesis.regression.joint_test import RobustTest
from saisei.synthesis.regression.moderators import Prediction, RegressionResult, regress
from saisei.synthesis.regression.multilevel import MultilevelResult, multilevel
from saisei.synthesis.regression.multivariate import (
    MultivariatePrediction,
    MultivariateResult,
    multivariate,
)
from saisei.synthesis.regression.permutation import PermutationResult, permutation_test
from saisei.synthesis.regression.robust import RobustResult, robust
from saisei.synthesis.regression.subgroups import Subgroup, SubgroupsResult, subgroups
from saisei.synthesis.small_studies.funnel import (
    EggerTest,
    FunnelData,
    PetPeese,
    egger,
    funnel,
    pet_peese,
)
from saisei.synthesis.small_studies.rank_test import BeggTest, begg
from saisei.synthesis.small_studies.selection_model import SelectionModel, selection_model
from saisei.synthesis.small_studies.trim_fill import TrimFill, trim_fill

__all__ = [
    "SMD_TO_LOG_OR",
    "AveragedTau",
    "BayesAverage",
    "BayesFactors",
    "BayesNetwork",
    "BayesNodeSplit",
    "BayesNodeSplits",
    "BayesPairs",
    "BayesPrediction",
    "BayesRanking",
    "BayesRegression",
    "BayesResult",
    "BeggTest",
    "BetaBinomialResult",
    "BinomialResult",
    "BivariateResult",
    "Blups",
    "CommonOddsRatio",
    "CommonProbitShift",
    "ComponentsModel",
    "ComponentsResult",
    "ConfidencePrediction",
    "Contributions",
    "CountsRegression",
    "CutsPool",
    "DosePrediction",
    "DoseResponse",
    "DoseShape",
    "DoseStudy",
    "Effect",
    "EggerTest",
    "EmaxResponse",
    "Exponential",
    "FunnelData",
    "HalfCauchy",
    "HalfLogistic",
    "HalfNormal",
    "HalfT",
    "InconsistencyResult",
    "Influence",
    "InverseGammaTau2",
    "Jeffreys",
    "LeftOut",
    "LogNormal",
    "LogT",
    "Lomax",
    "Marginal",
    "MeanSD",
    "Mixture",
    "MultilevelResult",
    "MultivariatePrediction",
    "MultivariateResult",
    "NetHeat",
    "NetworkCountsResult",
    "NetworkFunnel",
    "NetworkModel",
    "NetworkPrediction",
    "NetworkRegressionResult",
    "NetworkResult",
    "NodeSplits",
    "Normal",
    "OrdinalNetwork",
    "OrdinalPool",
    "OrdinalProfile",
    "PermutationResult",
    "PetPeese",
    "PoolBatch",
    "PoolResult",
    "Power",
    "Prediction",
    "PredictivePrior",
    "ProfileIntervals",
    "ProportionInterval",
    "Proportionality",
    "QTest",
    "RankingResult",
    "RegressionResult",
    "RobustResult",
    "RobustTest",
    "SelectionModel",
    "Shrinkage",
    "SpecificationCurve",
    "StratifiedResult",
    "Subgroup",
    "SubgroupsResult",
    "TauMarginal",
    "TauPrior",
    "TrimFill",
    "TwoStageOrdinal",
    "Uniform",
    "UniformShrinkage",
    "UtilityWeighted",
    "WinOdds",
    "bayes_average",
    "bayes_factors",
    "bayes_network",
    "bayes_node_splits",
    "bayes_pool",
    "bayes_regress",
    "begg",
    "binomial_interval",
    "bivariate",
    "blups",
    "change_correlation",
    "change_sd",
    "combine_arms",
    "common_odds_ratio",
    "common_probit_shift",
    "confidence_prediction",
    "cumulative",
    "difference_interval",
    "dose_means",
    "dose_ratios",
    "dose_response",
    "effect",
    "effect_from_ci",
    "egger",
    "emax_response",
    "funnel",
    "generalised_q",
    "influence",
    "leave_one_out",
    "mantel_haenszel",
    "mean_sd_from_five_numbers",
    "mean_sd_from_median_iqr",
    "mean_sd_from_median_range",
    "mean_sd_from_quantiles",
    "multilevel",
    "multivariate",
    "net_heat",
    "network",
    "network_components",
    "network_contributions",
    "network_counts",
    "network_funnel",
    "network_inconsistency",
    "network_ordinal",
    "network_ranking",
    "network_regress",
    "node_splits",
    "permutation_test",
    "pet_peese",
    "peto",
    "pool",
    "pool_batch",
    "pool_beta_binomial",
    "pool_by_cut",
    "pool_counts",
    "pool_ordinal",
    "pool_ordinal_two_stage",
    "predictive_prior",
    "profile_likelihood",
    "profile_ordinal",
    "proportional_odds_test",
    "q_profile",
    "regress",
    "regress_counts",
    "robust",
    "sd_from_ci",
    "sd_from_difference",
    "sd_from_se",
    "se_from_ci",
    "se_from_p",
    "selection_model",
    "smd_to_log_or",
    "specification_curve",
    "subgroups",
    "trim_fill",
    "utility_weighted_mean",
    "win_odds",
]
