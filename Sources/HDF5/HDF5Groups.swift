import CHDF5

extension HDF5File {
  /// Makes a group and those above it; harmless where it is there already.
  public func createGroup(_ path: String) throws {
    try perform("make the group '\(path)' in") { file, operation in
      try makeGroups(path.split(separator: "/"), in: file, operation)
    }
  }

  /// Whether there is a group or dataset of that path.
  public func exists(_ path: String) throws -> Bool {
    try perform("look for '\(path)' in") { file, operation in
      var reached = ""
      for part in path.split(separator: "/") {
        reached += "/" + part
        let found = H5Lexists(file, reached, hid_t(H5P_DEFAULT))
        try operation.check(found)
        if found == 0 { return false }
      }
      return true
    }
  }

  /// The names of what lies directly in a group, sorted by their bytes.
  public func members(of path: String = "/") throws -> [String] {
    try perform("list '\(path)' of") { file, operation in
      try operation.using(H5Gopen2(file, path, hid_t(H5P_DEFAULT)), H5Gclose) { group in
        var information = H5G_info_t()
        try operation.check(H5Gget_info(group, &information))
        return try (0..<information.nlinks).map { try memberName($0, of: group, operation) }
      }
    }
  }

  private func memberName(
    _ index: UInt64, of group: hid_t, _ operation: Operation
  ) throws -> String {
    func name(_ buffer: UnsafeMutablePointer<CChar>?, _ size: Int) throws -> Int {
      let length = H5Lget_name_by_idx(
        group, ".", H5_INDEX_NAME, H5_ITER_INC, index, buffer, size, hid_t(H5P_DEFAULT))
      if length < 0 { throw operation.error }
      return length
    }
    let length = try name(nil, 0)
    var buffer = [CChar](repeating: 0, count: length + 1)
    _ = try name(&buffer, buffer.count)
    return String(decoding: buffer.prefix(length).map(UInt8.init(bitPattern:)), as: UTF8.self)
  }
}

/// Makes the groups of a path one by one, because those that HDF5 makes of itself bear time stamps.
func makeGroups(_ parts: [Substring], in file: hid_t, _ operation: Operation) throws {
  var reached = ""
  for part in parts {
    reached += "/" + part
    let found = H5Lexists(file, reached, hid_t(H5P_DEFAULT))
    try operation.check(found)
    if found > 0 { continue }
    try operation.usingCreation(chdf5_group_creation()) { creation in
      try operation.usingNames(chdf5_link_creation()) { names in
        let group = H5Gcreate2(file, reached, names, creation, hid_t(H5P_DEFAULT))
        try operation.using(group, H5Gclose) { _ in }
      }
    }
  }
}
