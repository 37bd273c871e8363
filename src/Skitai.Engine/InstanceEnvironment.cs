namespace Skitai.Engine;

/// <summary>What an instance is given by whoever runs it, beside its conf.</summary>
public sealed record InstanceEnvironment
{
    /// <summary>The listening socket's descriptor, inherited from the supervisor and owned by the instance; null = bind it here.</summary>
    public int? Listener { get; init; }

    /// <summary>The directory of this instance's <c>server.log</c>, <c>app.log</c> and <c>request.log</c>; null = no log files.</summary>
    public string? LogDirectory { get; init; }

    /// <summary>Where the cache keeps what goes to disk, a directory of its own; null = nowhere.</summary>
    public string? CacheDirectory { get; init; }

    /// <summary>
    /// Makes the process the user that it is to serve as; null = it is that already. Called by <see cref="Instance"/>'s
    /// start on the caller's thread, once what only the user before may read (keys) is read, and before anything is
    /// logged, a mount made or a worker started.
    /// </summary>
    public Action? BecomeUser { get; init; }

    /// <summary>
    /// Whether the instance looks for renewed certificates itself. No, when the user that it becomes may not read them:
    /// then whoever runs it looks (<see cref="Hosting.Tls.CertificateWatch"/>) and hands them to
    /// <see cref="Instance.RenewCertificate"/>.
    /// </summary>
    public bool WatchesCertificates { get; init; } = true;

    /// <summary>Members of clusters that get nothing from the start, because somebody has drained them by hand.</summary>
    public IReadOnlyList<DrainedMember> DrainedMembers { get; init; } = [];

    /// <summary>Whether log lines go to standard error too (<c>-v</c>).</summary>
    public bool Console { get; init; }

    /// <summary>The directory that holds the package <c>skitai</c>; goes on the workers' module path.</summary>
    public string PythonPackage { get; init; } = "";

    /// <summary>The clock.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;
}
