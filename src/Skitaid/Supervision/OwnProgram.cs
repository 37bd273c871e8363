namespace Skitaid.Supervision;

/// <summary>This very program, as a file to start children from.</summary>
internal static class OwnProgram
{
    /// <summary>The executable. Under <c>dotnet skitaid.dll</c> it is the one beside the dll.</summary>
    public static string Path { get; } = Find();

    /// <summary>Its version: <c>0.1.0</c>.</summary>
    public static string Version { get; } =
        typeof(OwnProgram).Assembly.GetName().Version is { } version ? version.ToString(3) : "0";

    private static string Find()
    {
        var process = Environment.ProcessPath;
        return process is not null && System.IO.Path.GetFileNameWithoutExtension(process) == "skitaid"
            ? process
            : System.IO.Path.Combine(AppContext.BaseDirectory, "skitaid");
    }
}
