import CLibYAML

/// The library that reads recipes.
public enum YAMLLibrary {
  /// The version of libyaml in use, such as `0.2.5`.
  public static var version: String { String(cString: yaml_get_version_string()) }
}
