namespace Skitai.Engine.Caching.Rules;

/// <summary>What a member of a structured dictionary has as its value, as far as somebody here wants to know.</summary>
internal enum StructuredType
{
    /// <summary>Something that nobody here looks into: a decimal, a token, bytes, an inner list...</summary>
    Other,

    /// <summary>An integer.</summary>
    Integer,

    /// <summary>A string.</summary>
    String,

    /// <summary>Nothing, or <c>?1</c>.</summary>
    True,

    /// <summary><c>?0</c>.</summary>
    False,
}
