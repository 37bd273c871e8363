using Skitai.Configuration.Grammar;
using Skitai.Configuration.Reference;

namespace Skitai.Configuration.Keys;

/// <inheritdoc/>
/// <typeparam name="T">The type its values have past the parser.</typeparam>
internal sealed class Key<T>(string name, ValueKind<T> kind, T fallback, string doc) : Key(name, doc + kind.ZeroNote)
{
    public override string Kind => kind.Name;

    public override string Default => fallback is null ? "" : kind.Write(fallback);

    /// <summary>
    /// Which values ask for the feature of <see cref="Key.Later"/>. By itself every value but the default; a key
    /// that only matters once another has switched the feature on says never.
    /// </summary>
    public Func<T, bool>? Asks { get; init; }

    /// <summary>Reads and checks the value; an absent or empty one is the default.</summary>
    public T Read(ConfEntry? entry, string section, ReadContext context)
    {
        if (entry is null)
        {
            return fallback;
        }

        var place = $"[{section}] {Name}";
        if (context.Substitute(entry.Line, place, entry.Value) is not { Length: > 0 } text)
        {
            return fallback;
        }

        var (value, problem) = kind.Read(new ConfText(entry.Value, text, Secret), context);
        if (problem is null && Later is not null && (Asks?.Invoke(value) ?? !EqualityComparer<T>.Default.Equals(value, fallback)))
        {
            problem = Later.Refusal;
        }

        if (problem is null)
        {
            return value;
        }

        context.Errors.Add(entry.Line, $"{place}: {problem}{ValueHint.Of(entry.Value)}");
        return fallback;
    }

    /// <summary>A value of this key as a person would write it.</summary>
    public KeyValue Describe(T value) => new(Name, value is null ? "" : kind.Write(value), Default, Doc)
    {
        ZeroMeans = kind.ZeroMeans,
    };

    public override void Check(ConfEntry? entry, string section, ReadContext context) => _ = Read(entry, section, context);
}
