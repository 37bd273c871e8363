using System.Runtime.Versioning;
using Skitai.Configuration.Settings;

[assembly: SupportedOSPlatform("linux")]

namespace Skitai.Configuration.Tests;

/// <summary>A config tree in a directory of its own, gone after the test.</summary>
internal sealed class TreeFixture : IDisposable
{
    private readonly Dictionary<string, string> _variables = new(StringComparer.Ordinal);

    public TreeFixture(TimeProvider? clock = null)
    {
        Root = Directory.CreateTempSubdirectory("skitai-conf-").FullName;
        Directory.CreateDirectory(Path.Combine(Root, "servers-enabled"));
        Tree = new ConfTree(Root, new Machine
        {
            Clock = clock ?? TimeProvider.System,
            Variable = name => _variables.GetValueOrDefault(name) ?? (name == "PATH" ? Path.Combine(Root, "bin") : null),
            UserExists = name => name is "www-data",
            GroupExists = name => name is "www-data",
        });
    }

    public string Root { get; }

    public ConfTree Tree { get; }

    /// <summary>The directory that an instance's relative paths count from.</summary>
    public string Enabled => Path.Combine(Root, "servers-enabled");

    public TreeFixture Set(string variable, string value)
    {
        _variables[variable] = value;
        return this;
    }

    /// <summary>Writes a file below the root, with the directories on the way.</summary>
    public TreeFixture Write(string path, string text = "")
    {
        var full = Path.Combine(Root, path);
        Directory.CreateDirectory(Path.GetDirectoryName(full)!);
        File.WriteAllText(full, text);
        return this;
    }

    public TreeFixture Write(string path, byte[] bytes)
    {
        File.WriteAllBytes(Path.Combine(Root, path), bytes);
        return this;
    }

    public TreeFixture MakeDirectory(string path)
    {
        Directory.CreateDirectory(Path.Combine(Root, path));
        return this;
    }

    public TreeFixture WriteProgram(string path)
    {
        Write(path, "#!/bin/sh\n");
        File.SetUnixFileMode(Path.Combine(Root, path), UnixFileMode.UserRead | UnixFileMode.UserExecute);
        return this;
    }

    /// <summary>Reads the text as servers-enabled/example.conf.</summary>
    public ConfResult<InstanceSettings> Read(string conf)
    {
        Write("servers-enabled/example.conf", conf);
        return Tree.ReadInstance("example");
    }

    /// <summary>Reads a conf that must be right.</summary>
    public InstanceSettings Settings(string conf)
    {
        var result = Read(conf);
        Assert.Equal([], result.Errors);
        return result.Settings!;
    }

    /// <summary>Reads a conf that must be wrong; gives its errors as a person sees them.</summary>
    public string[] Errors(string conf)
    {
        var result = Read(conf);
        Assert.Null(result.Settings);
        return [.. result.Errors.Select(error => error.ToString())];
    }

    public void Dispose() => Directory.Delete(Root, recursive: true);
}
