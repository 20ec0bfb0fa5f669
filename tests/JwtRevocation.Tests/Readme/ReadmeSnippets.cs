namespace JwtRevocation.Tests.Readme;
