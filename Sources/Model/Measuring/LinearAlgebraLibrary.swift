import COpenBLAS

/// The library that multiplies matrices.
public enum LinearAlgebraLibrary {
  /// The version of OpenBLAS in use with how it was built.
  public static var version: String { String(cString: openblas_get_config()) }
  /// The processor whose kernels it has chosen, such as `Zen` or `SkylakeX`.
  public static var processor: String { String(cString: openblas_get_corename()) }
}
