import CCrypto
import Foundation

/// SHA-256, by libcrypto.
package struct SHA256Digest: ~Copyable {
  private let context: OpaquePointer?

  /// Fetched once: with `EVP_sha256()` libcrypto would look for it for every digest.
  nonisolated(unsafe) private static let algorithm = EVP_MD_fetch(nil, "SHA256", nil)

  /// Begins a digest, to be fed piece by piece.
  package init() {
    context = EVP_MD_CTX_new()
    require(EVP_DigestInit_ex(context, Self.algorithm, nil))
  }

  deinit { EVP_MD_CTX_free(context) }

  package func update(_ bytes: some ContiguousBytes) {
    bytes.withUnsafeBytes { require(EVP_DigestUpdate(context, $0.baseAddress, $0.count)) }
  }

  /// Ends the digest.
  /// - Returns: 64 lower-case hexadecimal digits.
  package consuming func hex() -> String {
    var bytes = [UInt8](repeating: 0, count: 32)
    require(EVP_DigestFinal_ex(context, &bytes, nil))
    return String(unsafeUninitializedCapacity: 64) { text in
      for (index, byte) in bytes.enumerated() {
        text[2 * index] = Self.digit(byte >> 4)
        text[2 * index + 1] = Self.digit(byte & 15)
      }
      return 64
    }
  }

  private static func digit(_ value: UInt8) -> UInt8 {
    value + (value < 10 ? UInt8(ascii: "0") : UInt8(ascii: "a") - 10)
  }

  /// The digest of bytes in memory, as 64 lower-case hexadecimal digits.
  package static func hex(of bytes: some ContiguousBytes) -> String {
    let digest = SHA256Digest()
    digest.update(bytes)
    return digest.hex()
  }

  /// The digest of a file's bytes, read a piece at a time.
  /// - Throws: `SpecialFileError`, or what opening and reading the file throws.
  package static func hex(ofFile file: URL) throws -> String {
    try RegularFile.check(file)
    let handle = try FileHandle(forReadingFrom: file)
    defer { try? handle.close() }
    return try hex(of: handle)
  }

  /// The digest of what an open file has from its position on.
  static func hex(of handle: FileHandle) throws -> String {
    let digest = SHA256Digest()
    while let piece = try handle.read(upToCount: 1 << 22), !piece.isEmpty { digest.update(piece) }
    return digest.hex()
  }
}

/// libcrypto fails here only when there is no memory left; a wrong digest must never come out.
private func require(_ status: Int32) {
  precondition(status == 1, "libcrypto could not compute SHA-256")
}

/// The library that makes hashes.
package enum CryptographyLibrary {
  /// The version of OpenSSL in use, such as `OpenSSL 3.0.17 1 Jul 2025`.
  package static var version: String { String(cString: OpenSSL_version(OPENSSL_VERSION)) }
}
