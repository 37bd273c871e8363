using System.Buffers;

namespace Skitai.Engine.Caching.Rules;

/// <summary>What names of fields are made of.</summary>
internal static class FieldNames
{
    /// <summary>The letters of a token (RFC 9110 section 5.6.2).</summary>
    public static readonly SearchValues<char> Letters =
        SearchValues.Create("!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");
}
