namespace Skitai.Engine;

/// <summary>How an instance does at one moment. Serialisable as JSON.</summary>
public sealed record InstanceStatus
{
    /// <summary>The instance's name.</summary>
    public required string Name { get; init; }

    /// <summary>Where it listens: <c>127.0.0.1:5000</c>.</summary>
    public required string Address { get; init; }

    /// <summary>When it began to serve.</summary>
    public required DateTimeOffset StartedAt { get; init; }

    /// <summary>Whether it is finishing what it has and takes nothing new.</summary>
    public bool Draining { get; init; }

    /// <summary>Client connections open now.</summary>
    public int Connections { get; init; }

    /// <summary>Client connections since the start.</summary>
    public long ConnectionsTotal { get; init; }

    /// <summary>Connections turned away because of <c>max_connections</c> since the start.</summary>
    public long ConnectionsRefused { get; init; }

    /// <summary>Requests since the start, those refused while they were read included.</summary>
    public long Requests { get; init; }

    /// <summary>Requests per second over the last 10 seconds.</summary>
    public double RequestsPerSecond { get; init; }

    /// <summary>Requests being answered now.</summary>
    public long InFlight { get; init; }

    /// <summary>Answers with a 2xx status.</summary>
    public long Answers2xx { get; init; }

    /// <summary>Answers with a 3xx status.</summary>
    public long Answers3xx { get; init; }

    /// <summary>Answers with a 4xx status.</summary>
    public long Answers4xx { get; init; }

    /// <summary>Answers with a 5xx status.</summary>
    public long Answers5xx { get; init; }

    /// <summary>Bytes of request bodies.</summary>
    public long BytesReceived { get; init; }

    /// <summary>Bytes of answer bodies.</summary>
    public long BytesSent { get; init; }

    /// <summary>Log lines lost because a disk was full or too slow.</summary>
    public long LogLinesLost { get; init; }

    /// <summary>The mounts, host by host in file order.</summary>
    public IReadOnlyList<MountStatus> Mounts { get; init; } = [];

    /// <summary>The clusters that are mounted, in the order of the conf.</summary>
    public IReadOnlyList<ClusterStatus> Clusters { get; init; } = [];

    /// <summary>The cache in front of the clusters.</summary>
    public CacheStatus Cache { get; init; } = new();

    /// <summary>The certificates in use; empty when the port speaks clear text.</summary>
    public IReadOnlyList<CertificateStatus> Certificates { get; init; } = [];

    /// <summary>The last line of level error in server.log; null = none.</summary>
    public string? LastError { get; init; }

    /// <summary>When <see cref="LastError"/> was.</summary>
    public DateTimeOffset? LastErrorAt { get; init; }
}
