using Skitai.Configuration.Settings;
using Skitai.Engine.Routing;
using Skitai.Engine.Static;

namespace Skitai.Engine.Explaining;

/// <summary>What one mount had to do with a request.</summary>
public sealed record TrialStep
{
    /// <summary>The mount's line in the conf.</summary>
    public required MountSettings Line { get; init; }

    /// <summary>Whether its path begins the request's, on a segment boundary.</summary>
    public required bool Covers { get; init; }

    /// <summary>What it made of the request; null = it was not asked.</summary>
    public MountOutcome? Outcome { get; init; }

    /// <summary>What the app sees as SCRIPT_NAME; null = no app gets it.</summary>
    public string? ScriptName { get; init; }

    /// <summary>What the app sees as PATH_INFO; null = no app gets it.</summary>
    public string? PathInfo { get; init; }

    /// <summary>Path and query that a member gets; null = none gets the request.</summary>
    public string? MemberTarget { get; init; }

    /// <summary>The Host that a member gets; empty = its own <c>host:port</c>; null = none gets the request.</summary>
    public string? MemberHost { get; init; }

    /// <summary>What an asked static mount found; null for others.</summary>
    public StaticFinding? Finding { get; init; }
}
