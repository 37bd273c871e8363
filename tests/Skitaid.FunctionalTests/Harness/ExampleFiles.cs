namespace Skitaid.FunctionalTests.Harness;

/// <summary>The repository's own examples, as they are checked out.</summary>
internal static class ExampleFiles
{
    /// <summary>The directory examples/.</summary>
    public static string Directory { get; } = Find();

    /// <summary>A conf of the examples, for servers-enabled elsewhere: with another port and Debian's interpreter.</summary>
    /// <param name="path">Below examples/etc, e.g. <c>servers-enabled/demo.conf</c>.</param>
    /// <param name="port">The port that the conf names.</param>
    /// <param name="freePort">The port to serve at.</param>
    public static async Task<string> ReadConfAsync(string path, int port, int freePort)
    {
        var conf = await File.ReadAllTextAsync(Path.Combine(Directory, "etc", path), TestContext.Current.CancellationToken);
        Assert.Contains($"port = {port}\n", conf, StringComparison.Ordinal);
        return conf.Replace($"port = {port}\n", $"port = {freePort}\npython = {TestApps.DebianPython}\n", StringComparison.Ordinal)
            .Replace("../../", Directory + "/", StringComparison.Ordinal);
    }

    private static string Find()
    {
        var directory = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(directory.FullName, "skitaid.slnx")))
        {
            directory = directory.Parent ?? throw new InvalidOperationException("not built inside the repository");
        }

        return Path.Combine(directory.FullName, "examples");
    }
}
