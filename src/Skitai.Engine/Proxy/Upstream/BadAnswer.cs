namespace Skitai.Engine.Proxy.Upstream;

/// <summary>Makes the exceptions for an answer that is none.</summary>
internal static class BadAnswer
{
    /// <summary>An exception with <see cref="MemberFault.BadAnswer"/>.</summary>
    /// <param name="what">What is wrong with it.</param>
    public static MemberException Because(string what) => new(MemberFault.BadAnswer, neverLeft: false, what);
}
