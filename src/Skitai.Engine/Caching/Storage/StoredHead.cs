using Skitai.Engine.Proxy.Upstream;

namespace Skitai.Engine.Caching.Storage;

/// <summary>All of a kept answer but its body. Never changed; a newer one takes its place (<see cref="ObjectStore.Freshen"/>).</summary>
internal sealed class StoredHead
{
    /// <summary>An object, its header, and what an array or a string weighs beyond its content.</summary>
    private const int FixedCost = 160, ArrayCost = 24;

    private static readonly string[] s_none = [];

    private object? _readyMade;
    private int _cost;

    /// <summary>The primary key: what is asked for, as <c>https://host/path?query</c>.</summary>
    public required string Key { get; init; }

    /// <summary>The request fields that it was selected by (Vary), lower case; empty = none.</summary>
    public string[] VaryNames { get; init; } = s_none;

    /// <summary>The canonical text of those fields' values; empty = none.</summary>
    public string Variant { get; init; } = "";

    /// <summary>The status.</summary>
    public required int Status { get; init; }

    /// <summary>The reason phrase; null = the status' own.</summary>
    public string? Reason { get; init; }

    /// <summary>The field lines to be sent with it. Nobody writes to the array.</summary>
    public required Header[] Headers { get; init; }

    /// <summary>When the request that brought it, or that last confirmed it, was sent.</summary>
    public required DateTimeOffset RequestedAt { get; init; }

    /// <summary>When the answer to that came.</summary>
    public required DateTimeOffset AnsweredAt { get; init; }

    /// <summary>
    /// Whatever the owner of the cache has worked out for answering from it again and again; null = nothing yet. It lives as
    /// long as this head does, is not kept on disk, and <see cref="Cost"/> has set room aside for about the size of the
    /// header section.
    /// </summary>
    public object? ReadyMade
    {
        get => Volatile.Read(ref _readyMade);
        set => Volatile.Write(ref _readyMade, value);
    }

    /// <summary>Bytes of memory that it takes, about, <see cref="ReadyMade"/> included.</summary>
    public int Cost => _cost != 0 ? _cost : _cost = Measure();

    /// <summary>Whether both are of the same request and the same selection: one takes the other's place.</summary>
    public bool IsSameVariant(StoredHead other) => Key == other.Key && IsVariant(other.VaryNames, other.Variant);

    /// <summary>Whether it was selected by those fields with those values.</summary>
    public bool IsVariant(string[] varyNames, string variant) => Variant == variant && SameNames(VaryNames, varyNames);

    internal static bool SameNames(string[] one, string[] other) => ReferenceEquals(one, other) || one.AsSpan().SequenceEqual(other);

    private int Measure()
    {
        long cost = FixedCost + ArrayCost + TextCost(Key) + TextCost(Variant) + ArrayCost + TextCost(Reason);
        foreach (var name in VaryNames)
        {
            cost += 8 + TextCost(name);
        }

        foreach (ref readonly var line in Headers.AsSpan())
        {
            // The text, and the bytes of the line that the ready-made form may have.
            cost += 16 + TextCost(line.Name) + TextCost(line.Value) + line.Name.Length + line.Value.Length + 4;
        }

        return (int)Math.Min(cost + 128, int.MaxValue);
    }

    private static int TextCost(string? text) => text is null ? 0 : ArrayCost + (2 * text.Length);
}
