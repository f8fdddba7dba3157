"""What was confirmed by hand: patterns of ``name: cause``, and how it is known.

Scripts are those of ``examples/found``.
"""

DIFFERENCES = "its code takes differences of the function, and is off by their error"

AT_A_KINK = "the claim is no number, and the slopes on both sides are"

BY_HAND = {
    # SciPy
    "scipy.special.pbvv *": "mpmath: scipy_pbvv.py",
    "scipy.special.pbdv_seq *": "the function of one order: scipy_pbdv_seq.py",
    "scipy.special.pbvv_seq *": "mpmath: scipy_pbvv_seq.py",
    "scipy.special.obl_rad2 *": "Wronskian: scipy_obl_rad2.py",
    "scipy.special.lqn *": "closed form: scipy_lqn.py",
    "scipy.special.assoc_legendre_p * diff_n=2: at [[]-1.*": "closed form: scipy_assoc_legendre.py",
    # scikit-learn
    "sklearn * Matern *nu=0.8: *": DIFFERENCES,
    "sklearn * Matern *nu=2.0: *": DIFFERENCES,
    "sklearn * Matern *nu=3.5: *": DIFFERENCES,
    "sklearn kernel PairwiseKernel *": DIFFERENCES,
    "sklearn * power 0.5: *": "it is 0 around: sklearn_power_kernel.py",
    "sklearn t-SNE degrees [23] *": "mpmath: sklearn_tsne.py",
    # statsmodels
    "statsmodels TransfFrank *evaluate/deriv: *": "mpmath: statsmodels_transf_frank.py",
    "statsmodels TransfFrank *deriv/deriv2: *": "mpmath: statsmodels_transf_frank.py",
    "statsmodels ZIP logit score/hessian: *": "mpmath: statsmodels_zip_hessian.py",
    "statsmodels Z* probit *": DIFFERENCES,
    "statsmodels ZIGP logit * score/hessian: *": DIFFERENCES,
    "statsmodels ZINBP logit * score/hessian: *": DIFFERENCES,
    "statsmodels NegativeBinomialP [!12]* score/hessian: *": "mpmath: statsmodels_nbp_hessian.py",
    "statsmodels NegativeBinomialP 1.5 score/hessian: *": "mpmath: statsmodels_nbp_hessian.py",
    "statsmodels NegativeBinomial nb? score/hessian: *": (
        "mpmath: statsmodels_negative_binomial_before_fit.py"
    ),
    "statsmodels TruncatedLFNegativeBinomialP ? 1* loglike/score: *": (
        "mpmath: statsmodels_truncated_negative_binomial.py"
    ),
    "statsmodels TruncatedLFGeneralizedPoisson ? [12]* loglike/score: *": (
        "mpmath: statsmodels_truncated_generalized_poisson.py"
    ),
    "statsmodels TruncatedLF* score/hessian: *": DIFFERENCES,
    "statsmodels Conditional* score/hessian: *": DIFFERENCES,
    "statsmodels OLS score/hessian: *": "closed form: statsmodels_ols_hessian.py",
    "statsmodels link CDFLink t inverse_deriv/inverse_deriv2: *": DIFFERENCES,
    # JAX
    "jax.scipy.special.spence*": "closed form: jax_spence.py",
    "jax.scipy.special.i0*": "series: jax_i0.py",
    "jax.scipy.special.i1*": "series: jax_i1_second.py",
    "jax.numpy.i0 twice: *": "series: jax_numpy_i0.py",
    "jax*sinc*": "series: jax_sinc.py",
    "jax betaln *": "closed form: jax_betaln.py",
    "jax bessel_jn *": "series: jax_bessel_jn.py",
    "jax poch {*": "closed form: jax_poch.py",
    "jax betainc {'a': 1.0, *": "closed form: jax_betainc.py",
    "jax gammainc {*": "closed form: jax_gammainc.py",
    "jax gammaincc {*": "closed form: jax_gammaincc.py",
    "jax xlogy's y {*": "closed form: jax_xlogy.py",
    "jax power {*": "closed form: jax_power.py",
    "jax squareplus {'b': 0.0}: *": AT_A_KINK,
    "jax std {*}: *": AT_A_KINK,
    "jax norm {'ord': *}: at [[]0., 0., 0.[]], and not beside it": AT_A_KINK,
    # torch
    "torch hypot {'y': 0.0}: *": AT_A_KINK,
    "torch*sinc: *": "series: torch_sinc.py",
    "torch*sinc twice: *": "series: torch_sinc_second.py",
    "torch*std*": "algebra: torch_std.py",
    "torch hardshrink {'lambd': 0.0}*": "closed form: torch_hardshrink.py",
    "torch softshrink {'lambd': 0.0}*": "closed form: torch_softshrink.py",
    "torch gammainc {*": "closed form: torch_gammainc.py",
    "torch Gamma.cdf 1.0: *": "closed form: torch_gammainc.py",
    "torch gammaincc {*": "closed form: torch_gammaincc.py",
    "torch xlogy's y {'x': 0.0}*": "closed form: torch_xlogy.py",
    "torch Chi2.log_prob 2.0: *": "closed form: torch_xlogy.py",
    "torch Laplace.icdf *": "closed form: torch_laplace_icdf.py",
    "torch pdist {'p': inf}*": "algebra: torch_pdist.py",
    "torch cdist {'p': inf}*": "algebra: torch_cdist.py",
    "torch det {}: *": "closed form: torch_det.py",
    "torch mish {} twice: *": "closed form: torch_mish_second.py",
    "torch renorm {*} twice: *": "closed form: torch_renorm_second.py",
    "torch.special.log_ndtr twice: *": "mpmath: 3e-7 off at -300",
    "torch InverseGamma.log_prob *": "closed form: its parameters are in float32, 3e-8 off",
}
