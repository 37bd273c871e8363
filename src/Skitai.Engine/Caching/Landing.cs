using Skitai.Engine.Caching.Storage;
using Skitai.Engine.Proxy.Upstream;

namespace Skitai.Engine.Caching;

/// <summary>What came of a <see cref="Flight"/>, once the origin has answered. One for all who wait for it.</summary>
/// <param name="kind">What it is.</param>
internal sealed class Landing(LandingKind kind)
{
    /// <summary>What it is.</summary>
    public LandingKind Kind { get; } = kind;

    /// <summary>The answer's head; null for <see cref="LandingKind.Passed"/> and <see cref="LandingKind.Failed"/>.</summary>
    public StoredHead? Head { get; init; }

    /// <summary>What was made of it.</summary>
    public ReadyAnswer? Ready { get; init; }

    /// <summary>The object on its way into the store, for <see cref="LandingKind.Filling"/>.</summary>
    public FillingObject? Filling { get; init; }

    /// <summary>The object, for <see cref="LandingKind.Confirmed"/> and <see cref="LandingKind.StaleOnError"/>. The flight has the share.</summary>
    public StoredObject? Stored { get; init; }

    /// <summary>Why there is no answer, for <see cref="LandingKind.Failed"/>.</summary>
    public OriginException? Fault { get; init; }

    /// <summary>The origin's status; 0 = it gave none.</summary>
    public int OriginStatus { get; init; }

    /// <summary>Fields of the origin's answer that are not kept and go to the one who asked, and to nobody else; null = none.</summary>
    public Header[]? OwnFields { get; init; }

    /// <summary>Whether others who wait may not have it.</summary>
    public bool IsForLeaderOnly { get; init; }
}
