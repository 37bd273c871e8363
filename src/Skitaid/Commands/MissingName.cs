namespace Skitaid.Commands;

/// <summary>What is said of a name that is not there.</summary>
internal static class MissingName
{
    private const int MostListed = 10;

    /// <summary><c>there is no cluster '@usrs'; did you mean '@users'?</c>, or the names that there are.</summary>
    /// <param name="kind">What it should have named.</param>
    /// <param name="typed">The name.</param>
    /// <param name="known">Those that there are.</param>
    public static string Of(string kind, string typed, IEnumerable<string> known)
    {
        var names = known.ToArray();
        return $"there is no {kind} '{typed}'" + (names.Length == 0 ? "; there is none at all"
            : NearestName.Find(typed, names) is { } nearest ? $"; did you mean '{nearest}'?"
            : $"; there {(names.Length == 1 ? "is" : "are")} {string.Join(", ", names.Take(MostListed))}{(names.Length > MostListed ? ", ..." : "")}");
    }
}
