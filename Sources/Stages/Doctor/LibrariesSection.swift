import CZlib
import HDF5
import Model
import Runner

/// The versions of the system libraries in use.
struct LibrariesSection: DoctorSection {
  let title = "system libraries"

  func findings() -> [DoctorFinding] {
    [
      DoctorFinding("libyaml", YAMLLibrary.version),
      openBLAS,
      DoctorFinding("HDF5", HDF5Library.version),
      DoctorFinding("zlib", String(cString: zlibVersion())),
      DoctorFinding("OpenSSL", CryptographyLibrary.version),
    ]
  }

  /// OpenBLAS falls back to kernels for processors of 2004 where it does not know a newer one.
  private var openBLAS: DoctorFinding {
    let words = LinearAlgebraLibrary.version.split(separator: " ")
    let version = words.count > 1 && words[0] == "OpenBLAS" ? String(words[1]) : "unknown version"
    let processor = LinearAlgebraLibrary.processor
    let detail = "\(version), kernels for \(processor)"
    guard ["prescott", "generic", "unknown"].contains(processor.lowercased()) else {
      return DoctorFinding("OpenBLAS", detail)
    }
    return DoctorFinding(
      "OpenBLAS", .weak, detail,
      advice: "It does not know this processor; install a newer one, or set OPENBLAS_CORETYPE.")
  }
}
