using System.Net;

namespace Skitai.Configuration.Settings;

/// <summary>What <c>[server]</c> says: where the instance listens and how many workers its apps get.</summary>
public sealed record ServerSettings
{
    /// <summary>App threads in each worker process, 0 to 256; 0 = one request at a time on the worker's main thread.</summary>
    public int Threads { get; init; } = 4;

    /// <summary>Worker processes for each mounted app, 1 to 256.</summary>
    public int Processes { get; init; } = 1;

    /// <summary>The address to listen on, v4 or v6.</summary>
    public IPAddress Ip { get; init; } = IPAddress.Loopback;

    /// <summary>The TCP port, 1 to 65535.</summary>
    public int Port { get; init; } = 5000;

    /// <summary>The server's own name (SERVER_NAME when a request names no host); the instance's name unless set.</summary>
    public string Name { get; init; } = "";

    /// <summary>The account the instance and its workers run as, when the daemon was started as root; null = unchanged.</summary>
    public string? User { get; init; }

    /// <summary>The group to run as; null = the user's primary group.</summary>
    public string? Group { get; init; }

    /// <summary>Peers whose <c>X-Forwarded-*</c> headers are believed.</summary>
    public IReadOnlyList<IPNetwork> TrustedProxies { get; init; } = [];

    /// <summary>The Python interpreter of this instance's workers: a path or a name found in PATH; null = the daemon's.</summary>
    public string? Python { get; init; }
}
