using System.Diagnostics;

namespace Skitaid.FunctionalTests.Harness;

/// <summary>Programs of others that the tests use as clients.</summary>
internal static class ClientProgram
{
    /// <summary>Whether a program is in PATH.</summary>
    public static bool IsThere(string name) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(directory => File.Exists(Path.Combine(directory, name)));

    /// <summary>Skips the test that needs a program which is not there.</summary>
    public static void Require(string name) => Assert.SkipUnless(IsThere(name), $"needs {name}, which is not in PATH");

    /// <summary>Runs a program to its end.</summary>
    public static async Task<CommandResult> RunAsync(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments)
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
        })!;
        process.StandardInput.Close();
        using var limit = new CancellationTokenSource(TestDaemon.Deadline);
        try
        {
            var output = process.StandardOutput.ReadToEndAsync(limit.Token);
            var errors = process.StandardError.ReadToEndAsync(limit.Token);
            await process.WaitForExitAsync(limit.Token);
            return new CommandResult(process.ExitCode, await output, await errors);
        }
        catch (OperationCanceledException late)
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"{program} {string.Join(' ', arguments)} did not end", late);
        }
    }
}
