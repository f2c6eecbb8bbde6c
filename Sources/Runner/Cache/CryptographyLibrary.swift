import CCrypto

/// The library that makes hashes.
public enum CryptographyLibrary {
  /// The version of OpenSSL in use, such as `OpenSSL 3.0.17 1 Jul 2025`.
  public static var version: String { String(cString: OpenSSL_version(OPENSSL_VERSION)) }
}
