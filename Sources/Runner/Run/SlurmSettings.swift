import Base

/// What a cluster's Slurm wants of jobs: the key `slurm` of a site file.
package struct SlurmSettings: ParameterSet, Equatable {
  /// The cluster's own where nil, as for all here.
  package var partition: String?
  package var account: String?
  package var qos: String?
  /// For stages that ask for none.
  package var time: TimeLimit?
  /// How long before its time limit a job is asked to stop, at least; what earlier results say where nil.
  package var lead: TimeLimit?
  /// Lines of shell in front of each job, such as `module load gcc`.
  package var setup: [String] = []
  /// Words of `sbatch` that go with each job as they are.
  package var extra: [String] = []

  /// How long before its time limit a job is asked to stop, in seconds: twice what a step and a
  /// checkpoint took at most, and a minute, as Slurm sends signals up to a minute early or late.
  /// - Parameter stopSeconds: what they took together; nil where nobody knows.
  func leadSeconds(stopSeconds: Double?) -> Double {
    guard let stopSeconds else { return lead?.seconds ?? Self.usualLead }
    return max(lead?.seconds ?? 0, 60 + 2 * stopSeconds)
  }

  /// In seconds.
  private static let usualLead = 300.0

  package init() {}

  package static var fields: [Field<SlurmSettings>] {
    [
      Field(
        "partition", \.partition, "where jobs run; the cluster's own choice if nothing is said"),
      Field("account", \.account, "who is charged"),
      Field("qos", \.qos, "the quality of service"),
      Field("time", \.time, "the time limit of stages that name none, such as 4 h"),
      Field(
        "lead", \.lead,
        "how long before its time limit a job is asked to stop at least, such as 5 min"),
      Field("setup", \.setup, "lines of shell in front of each job, such as 'module load gcc'"),
      Field("extra", \.extra, "words that sbatch gets as they are, such as --constraint=a100"),
    ]
  }
}
