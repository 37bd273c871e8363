using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;
using Skitai.Engine.Proxy.Upstream;

namespace Skitai.Engine.Tests.Caching.Rules;

/// <summary>Fields as a test writes them: <c>Name: value | Name: value</c>.</summary>
internal static class Fields
{
    /// <summary>An answer's.</summary>
    public static HeaderList Of(string text)
    {
        var list = new HeaderList();
        foreach (var (name, value) in Split(text))
        {
            list.Add(name, value);
        }

        return list;
    }

    /// <summary>A request's.</summary>
    public static HeaderDictionary Request(string text)
    {
        var fields = new HeaderDictionary();
        foreach (var (name, value) in Split(text))
        {
            fields[name] = StringValues.Concat(fields[name], value);
        }

        return fields;
    }

    private static IEnumerable<(string Name, string Value)> Split(string text) =>
        from line in text.Split(" | ", StringSplitOptions.RemoveEmptyEntries)
        let colon = line.IndexOf(':', StringComparison.Ordinal)
        select (line[..colon].Trim(), line[(colon + 1)..].Trim(' '));
}
