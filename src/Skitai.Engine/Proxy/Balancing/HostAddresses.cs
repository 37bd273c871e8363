using System.Net;

namespace Skitai.Engine.Proxy.Balancing;

/// <summary>A name and what it was resolved to last.</summary>
internal sealed class HostAddresses(string name)
{
    /// <summary>The name.</summary>
    public string Name { get; } = name;

    /// <summary>Sorted; empty = never resolved.</summary>
    public IPAddress[] Addresses { get; set; } = [];

    /// <summary>Why it could not be resolved the last time; null = it could.</summary>
    public string? Failure { get; set; }

    /// <summary>The question that is under way; null = none is.</summary>
    public Task<IPAddress[]>? Asking { get; set; }
}
