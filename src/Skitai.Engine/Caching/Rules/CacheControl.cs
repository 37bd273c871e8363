using Microsoft.Extensions.Primitives;
using Skitai.Engine.Proxy.Upstream;

namespace Skitai.Engine.Caching.Rules;

/// <summary>
/// What Cache-Control says (RFC 9111 section 5.2), of a request or an answer. Read with patience: unknown directives are
/// skipped, quoted numbers are numbers. Of a directive that comes several times the strictest counts, and a lifetime that is
/// no number is none at all (section 4.2.1).
/// </summary>
internal struct CacheControl()
{
    /// <summary>The value of a directive that is not there.</summary>
    public const long Absent = -1;

    /// <summary>The directives without a value.</summary>
    public CacheDirectives Directives { get; set; }

    /// <summary>max-age in seconds.</summary>
    public long MaxAge { get; set; } = Absent;

    /// <summary>s-maxage in seconds.</summary>
    public long SharedMaxAge { get; set; } = Absent;

    /// <summary>stale-while-revalidate in seconds (RFC 5861 section 3).</summary>
    public long StaleWhileRevalidate { get; set; } = Absent;

    /// <summary>stale-if-error in seconds (RFC 5861 section 4).</summary>
    public long StaleIfError { get; set; } = Absent;

    /// <summary>A request's min-fresh in seconds.</summary>
    public long MinFresh { get; set; } = Absent;

    /// <summary>A request's max-stale in seconds; without a value it is <see cref="CacheDirectives.AnyStale"/>.</summary>
    public long MaxStale { get; set; } = Absent;

    /// <summary>Names of fields that may not be kept (<c>private="a, b"</c>) or not be used again (<c>no-cache="a"</c>); null = none.</summary>
    public List<string>? WithheldFields { get; private set; }

    /// <summary>Whether a directive is there.</summary>
    public readonly bool Has(CacheDirectives directive) => (Directives & directive) != CacheDirectives.None;

    /// <summary>Reads all lines of a request's field.</summary>
    public static CacheControl Parse(in StringValues lines)
    {
        var control = new CacheControl();
        for (var i = 0; i < lines.Count; i++)
        {
            control.Add(lines[i]);
        }

        return control;
    }

    /// <summary>Reads all lines of Cache-Control in an answer's fields.</summary>
    public static CacheControl Parse(HeaderList fields)
    {
        var control = new CacheControl();
        foreach (ref readonly var line in fields.Lines)
        {
            if (line.Name.Equals("Cache-Control", StringComparison.OrdinalIgnoreCase))
            {
                control.Add(line.Value);
            }
        }

        return control;
    }

    /// <summary>Reads one line more.</summary>
    public void Add(ReadOnlySpan<char> line)
    {
        var quotes = true;
        while (!line.IsEmpty)
        {
            var end = EndOfMember(line, ref quotes);
            Take(line[..end].Trim(" \t"));
            line = end == line.Length ? [] : line[(end + 1)..];
        }
    }

    /// <summary>Takes up one directive.</summary>
    /// <param name="name">Its name in lower case.</param>
    /// <param name="value">Its value without quotes.</param>
    /// <param name="hasValue">Whether it has one.</param>
    internal void Take(ReadOnlySpan<char> name, ReadOnlySpan<char> value, bool hasValue)
    {
        switch (name)
        {
            case "no-cache":
                TakeWithFields(CacheDirectives.NoCache, value, hasValue);
                break;
            case "private":
                TakeWithFields(CacheDirectives.Private, value, hasValue);
                break;
            case "no-store":
                Directives |= CacheDirectives.NoStore;
                break;
            case "public":
                Directives |= CacheDirectives.Public;
                break;
            case "must-revalidate":
                Directives |= CacheDirectives.MustRevalidate;
                break;
            case "proxy-revalidate":
                Directives |= CacheDirectives.ProxyRevalidate;
                break;
            case "must-understand":
                Directives |= CacheDirectives.MustUnderstand;
                break;
            case "only-if-cached":
                Directives |= CacheDirectives.OnlyIfCached;
                break;
            case "max-age":
                MaxAge = Strictest(MaxAge, value);
                break;
            case "s-maxage":
                SharedMaxAge = Strictest(SharedMaxAge, value);
                break;
            case "stale-while-revalidate":
                StaleWhileRevalidate = Strictest(StaleWhileRevalidate, value);
                break;
            case "stale-if-error":
                StaleIfError = Strictest(StaleIfError, value);
                break;
            case "min-fresh":
                // The longest is the strictest here; one that cannot be read is not met by anything.
                MinFresh = Math.Max(MinFresh, DeltaSeconds.TryParse(value, out var seconds) ? seconds : DeltaSeconds.Most);
                break;
            case "max-stale" when !hasValue:
                Directives |= CacheDirectives.AnyStale;
                break;
            case "max-stale":
                MaxStale = Strictest(MaxStale, value);
                break;
        }
    }

    private static long Strictest(long before, ReadOnlySpan<char> value)
    {
        var seconds = DeltaSeconds.TryParse(value, out var number) ? number : 0;
        return before == Absent ? seconds : Math.Min(before, seconds);
    }

    /// <summary>Where the next comma is that is not in a quoted string.</summary>
    /// <param name="line">What is left of the line.</param>
    /// <param name="quotes">
    /// Whether a quote may begin a string. One that does not end is a letter like others, and so is all behind it: what it
    /// seems to hide may forbid to keep the answer.
    /// </param>
    private static int EndOfMember(ReadOnlySpan<char> line, ref bool quotes)
    {
        for (var at = 0; at < line.Length; at++)
        {
            if (line[at] == ',')
            {
                return at;
            }

            if (line[at] == '"' && quotes)
            {
                var end = EndOfString(line, at);
                quotes = end >= 0;
                at = quotes ? end : at;
            }
        }

        return line.Length;
    }

    /// <summary>Where the string that begins at a quote has its other one; -1 = nowhere.</summary>
    private static int EndOfString(ReadOnlySpan<char> line, int first)
    {
        for (var at = first + 1; at < line.Length; at++)
        {
            switch (line[at])
            {
                case '"':
                    return at;
                case '\\':
                    at++;
                    break;
            }
        }

        return -1;
    }

    private void Take(ReadOnlySpan<char> member)
    {
        var equals = member.IndexOf('=');
        var name = equals < 0 ? member : member[..equals];
        var value = equals < 0 ? [] : member[(equals + 1)..];
        if (value.Length >= 2 && value[0] == '"' && value[^1] == '"')
        {
            value = value[1..^1];
        }

        // Blanks around the sign make the value unreadable, not the directive unknown: what was meant is clear enough to be strict.
        name = name.TrimEnd(" \t");
        if (equals >= 0 && name.Length != equals)
        {
            value = " ";
        }

        if (name.Length is 0 or > 32)
        {
            return;
        }

        Span<char> lower = stackalloc char[32];
        var length = name.ToLowerInvariant(lower);
        Take(lower[..length], value, equals >= 0);
    }

    /// <summary>no-cache and private concern all of the answer, or the fields that they name. A list without a name in it, or without its end, is no list.</summary>
    private void TakeWithFields(CacheDirectives directive, ReadOnlySpan<char> value, bool hasValue)
    {
        var named = false;
        if (hasValue && (value.IsEmpty || value[0] != '"'))
        {
            foreach (var range in value.Split(','))
            {
                var name = value[range].Trim(" \t\"");
                if (!name.IsEmpty)
                {
                    (WithheldFields ??= []).Add(name.ToString());
                    named = true;
                }
            }
        }

        if (!named)
        {
            Directives |= directive;
        }
    }
}
