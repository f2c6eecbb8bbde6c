import Runner

extension KindRegistry {
  /// Every kind that this program has. To add one, write its file and name it here.
  public static let standard = KindRegistry([])
}
